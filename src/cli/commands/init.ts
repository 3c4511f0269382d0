import { join } from 'node:path'
import type { Command } from 'commander'
import { makeHome, PROJECT_HOME } from '../../config/home.ts'
import { systemDisk } from '../../lib/disk.ts'
import { EXIT } from '../../model/error.ts'
import type { Shell } from '../shell.ts'

/** `llm-batch init`: gives the working folder a home of its own. May be repeated. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  command.action(async () => {
    const home = join(shell.machine.workingFolder, PROJECT_HOME)
    const isThere = (await systemDisk.list(home)).length > 0
    await makeHome(systemDisk, home)
    shell.tell(
      isThere ? `${home} exists already.` : `Made ${home}; runs that are started in this folder are stored there.`,
    )
    setExitCode(EXIT.ok)
  })
}
