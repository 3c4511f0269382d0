import type { Command } from 'commander'
import { isLocalAddress } from '../../lib/http/listener.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { type ServedUi, serveUi } from '../../ui/serve-ui.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { untilSignalled } from '../drive/interruption.ts'
import { asKnownError } from '../exit-code.ts'
import { countOrZeroFlag } from '../flags/flag-values.ts'
import { addressOption } from '../flags/listening-flags.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { chosenProviders } from '../remote/choose-provider.ts'
import { renderError } from '../render/views/error-view.ts'
import type { Shell } from '../shell.ts'

interface UiFlags extends OptionsOf<'ui'> {
  readonly port?: number | undefined
  readonly address: string
}

/** The same at every start, so that a tunnel to it can be kept. */
const USUAL_PORT = 8792

/** `llm-batch ui`: a page in the browser about the runs of a home, until it is stopped. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'ui')
    .option('--port <n>', `port; 0 for any free one (default: ${USUAL_PORT}, or a free one)`, countOrZeroFlag)
    .addOption(addressOption('another than loopback can be reached by other machines'))
    .action(async (flags: UiFlags) => {
      setExitCode(await withHome(shell, flags, (workspace) => show(shell, workspace, flags)))
    })
}

async function show(shell: Shell, workspace: Workspace, flags: UiFlags): Promise<number> {
  // Listened for before anyone is told that Ctrl-C stops it.
  const signalled = untilSignalled()
  const served = await serve(shell, workspace, flags)
  try {
    await shell.print(`${served.openUrl}\n`)
    if (!isLocalAddress(flags.address)) {
      shell.warn(
        'other machines reach this address, unencrypted; who has the token reads all rows. Better: docs/page.md',
      )
    }
    shell.tell('Open this address in a browser; its token lets only you in. Stop with Ctrl-C.')
    await signalled
    return EXIT.ok
  } finally {
    await served.close()
  }
}

async function serve(shell: Shell, workspace: Workspace, { address, port }: UiFlags): Promise<ServedUi> {
  const options = {
    address,
    areActionsAllowed: false,
    providers: (name: string | undefined) => chosenProviders(workspace, name),
    onTrouble: (error: unknown) => shell.tell(renderError(asKnownError(error), shell.errorColors)),
  }
  if (port !== undefined) return await serveUi(workspace, { ...options, port })
  try {
    return await serveUi(workspace, { ...options, port: USUAL_PORT })
  } catch (error) {
    if (!LlmBatchError.isInstance(error) || error.code !== 'usage') throw error
    return await serveUi(workspace, { ...options, port: 0 })
  }
}
