import { type Command, Option } from 'commander'
import { DAY_MS } from '../../lib/duration.ts'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { durationMsFlag } from '../flags/flag-values.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { adopt } from '../remote/adopt.ts'
import { cancelBatches, deleteFiles } from '../remote/change.ts'
import { remoteDocument, takeInventory } from '../remote/inventory.ts'
import { renderRemote } from '../render/views/remote-view.ts'
import type { Shell } from '../shell.ts'

interface ListFlags extends OptionsOf<'remote'> {
  readonly provider?: string | undefined
  readonly since: number
  readonly json?: boolean | undefined
}

interface ChangeFlags extends OptionsOf<'remote'> {
  readonly provider?: string | undefined
  readonly yes?: boolean | undefined
}

/** What is listed where no time is given: a month, in which results are kept. */
const SINCE_MS = 31 * DAY_MS

/** `llm-batch remote`: what lies at the provider that no run of this home knows; adopt, cancel, delete. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'remote')
    .option('--provider <name>', 'only this provider (default: all that have a key)')
    .addOption(
      new Option('--since <duration>', 'only batches and files that were made within this time, such as 12h or 90d')
        .argParser(durationMsFlag)
        .default(SINCE_MS, '31d'),
    )
    .option('--json', 'as JSON on standard output')
    .action(async (flags: ListFlags) => {
      setExitCode(await withHome(shell, flags, (workspace) => list(shell, workspace, flags)))
    })
  addOptions(command.command('adopt'), 'remote')
    .description('take over batches that another home made of the same work, into a run that was not sent yet')
    .usage('[RUN] [ID...] [options]')
    .argument(
      '[words...]',
      'a run (its id, the beginning of one, a name, or last), then ids of batches (default: all that fit)',
    )
    .action(async (words: readonly string[], _own: OptionsOf<'remote'>, self: Command) => {
      const flags: OptionsOf<'remote'> = self.optsWithGlobals()
      setExitCode(await withHome(shell, flags, (workspace) => adopt(shell, workspace, words)))
    })
  const changes = [
    { name: 'cancel', what: 'batches', description: 'cancel batches that no run here knows', work: cancelBatches },
    { name: 'delete', what: 'files', description: 'delete files that no run here knows', work: deleteFiles },
  ] as const
  for (const { description, name, what, work } of changes) {
    addOptions(command.command(name).description(description).argument('<ids...>', `ids of ${what}`), 'remote')
      .option('--provider <name>', 'the provider that has them; needed if several providers have a key')
      .option('-y, --yes', 'do not ask')
      .action(async (ids: readonly string[], _own: ChangeFlags, self: Command) => {
        const flags: ChangeFlags = self.optsWithGlobals()
        setExitCode(await withHome(shell, flags, (workspace) => work(shell, workspace, ids, flags)))
      })
  }
}

async function list(shell: Shell, workspace: Workspace, flags: ListFlags): Promise<number> {
  const { clock } = workspace
  const sights = await takeInventory(workspace, { provider: flags.provider, sinceMs: flags.since })
  if (flags.json) await shell.printJson(remoteDocument(sights))
  else await shell.print(renderRemote(sights, clock.now(), shell.outputColors))
  const doubtful = sights.filter(({ doubts }) => doubts.length > 0)
  for (const { doubts, provider } of doubtful) {
    shell.warn(`${provider} did not list everything (${doubts.join('; ')}). Look again with: llm-batch remote`)
  }
  return doubtful.length === 0 ? EXIT.ok : EXIT.unfinished
}
