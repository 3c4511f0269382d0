import type { Command } from 'commander'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { untilSignalled } from '../drive/interruption.ts'
import { RunEvents } from '../drive/run-events.ts'
import { countOrZeroFlag } from '../flags/flag-values.ts'
import { addressOption } from '../flags/listening-flags.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { USUAL_PAGE_PORT } from '../page/page-port.ts'
import { startPage } from '../page/start-page.ts'
import type { Shell } from '../shell.ts'

interface UiFlags extends OptionsOf<'ui'> {
  readonly port?: number | undefined
  readonly address: string
  readonly allowActions?: boolean | undefined
}

/** `llm-batch ui`: a page in the browser about the runs of a home, until it is stopped. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'ui')
    .option('--port <n>', `port; 0 for any free one (default: ${USUAL_PAGE_PORT}, or a free one)`, countOrZeroFlag)
    .addOption(addressOption('another than loopback can be reached by other machines'))
    .option('--allow-actions', 'let the page cancel and resume runs, set caps, and take over batches (default: no)')
    .action(async (flags: UiFlags) => {
      setExitCode(await withHome(shell, flags, (workspace) => show(shell, workspace, flags)))
    })
}

async function show(shell: Shell, workspace: Workspace, flags: UiFlags): Promise<number> {
  // Listened for before anyone is told that Ctrl-C stops it.
  const signalled = untilSignalled()
  const events = flags.allowActions ? await RunEvents.open(shell, workspace, { namesRuns: true }) : null
  const page = await startPage(shell, workspace, { ...flags, events })
  try {
    await shell.print(`${page.openUrl}\n`)
    const also = events === null ? '' : ' and act'
    shell.tell(`Open this address in a browser; its token lets only you in${also}. Stop with Ctrl-C.`)
    await signalled
    return EXIT.ok
  } finally {
    await page.close()
    await events?.flushed()
  }
}
