import { resolve } from 'node:path'
import type { Command } from 'commander'
import { filesPlaceAt } from '../../config/files-place.ts'
import { makeHome, PROJECT_HOME } from '../../config/home.ts'
import { type DatabaseHome, placeAt } from '../../config/home-address.ts'
import { importPeer } from '../../config/peer.ts'
import { systemClock } from '../../lib/clock.ts'
import { systemDisk } from '../../lib/disk.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { BUCKET_PACKAGES } from '../../workspace/workspace.ts'
import { addOptions } from '../flags/option-flags.ts'
import { loadSettings } from '../open-home.ts'
import type { Shell } from '../shell.ts'

interface InitFlags extends OptionsOf<'init'> {
  readonly files?: string | undefined
}

/**
 * `llm-batch init`: gives the working folder a home of its own, or makes the home in a database that `--home`, the
 * environment or the configuration names. May be repeated.
 */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'init')
    .option('--files <place>', 'with a database: where its files lie, a folder that all machines share or s3://BUCKET')
    .action(async (flags: InitFlags) => {
      const { home } = await loadSettings(shell, flags)
      if (home.kind === 'database') await initDatabase(shell, home, flags)
      else await initFolder(shell, flags)
      setExitCode(EXIT.ok)
    })
}

async function initFolder(shell: Shell, { files, home: named }: InitFlags): Promise<void> {
  if (files !== undefined) {
    throw new LlmBatchError('usage', '--files goes with a home in a database; a folder holds its own files', {
      next: 'Name the database with --home postgres://…, or leave --files out.',
    })
  }
  const home = resolve(shell.machine.workingFolder, named ?? PROJECT_HOME)
  const isThere = (await systemDisk.list(home)).length > 0
  await makeHome(systemDisk, home)
  const whose = named === undefined ? 'runs that are started in this folder are stored there' : 'name it with --home'
  shell.tell(isThere ? `${home} exists already.` : `Made ${home}; ${whose}.`)
}

async function initDatabase(shell: Shell, home: DatabaseHome, { files }: InitFlags): Promise<void> {
  const address = files === undefined ? home.files : placeAt(files, shell.machine.workingFolder)
  if (address === null) {
    throw new LlmBatchError('usage', 'where the files of this home are to lie is not said', {
      next: 'Add --files with a folder that all machines share, or with s3://BUCKET/PREFIX.',
    })
  }
  const place = filesPlaceAt(address)
  if (place.kind === 'bucket') {
    const { checkBucket } = await importPeer(BUCKET_PACKAGES, () => import('../../store/bucket/open-bucket.ts'))
    await checkBucket(place, shell.machine.environment)
  }
  const { makePostgresHome } = await importPeer('pg', () => import('../../store/postgres/postgres-store.ts'))
  const isMade = await makePostgresHome(home, address, systemClock)
  shell.tell(
    isMade
      ? `Made the schema ${home.schema} with its tables in ${home.shown}; the files of its runs lie in ${place.kind === 'bucket' ? place.shown : place.path}.`
      : `${home.shown} holds this home already, in the schema ${home.schema}; nothing was changed.`,
  )
}
