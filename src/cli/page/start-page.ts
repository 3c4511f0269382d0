import { isLocalAddress } from '../../lib/http/listener.ts'
import { LlmBatchError } from '../../model/error.ts'
import { commandLine, inFlags } from '../../model/options/mention.ts'
import { type ServedUi, serveUi } from '../../ui/serve-ui.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { RunEvents } from '../drive/run-events.ts'
import { asKnownError } from '../exit-code.ts'
import { chosenProviders } from '../remote/choose-provider.ts'
import { renderError } from '../render/views/error-view.ts'
import type { Shell } from '../shell.ts'
import { USUAL_PAGE_PORT } from './page-port.ts'

/** Options of a page that a command serves. */
export interface PageOptions {
  readonly address: string
  /** 0 for any free one. @default the usual one, or a free one */
  readonly port?: number | undefined
  /** Told of what happens to runs that the page has go on; null where the page only shows. */
  readonly events: RunEvents | null
}

/** A page that is served. */
export interface StartedPage {
  /** What a person opens, with the token in it. */
  readonly openUrl: string
  /** Stops it, and says what becomes of the runs that it worked on. */
  close(): Promise<void>
}

/** Serves the page about the runs of a home. Throws `usage` where the port that was named is taken. */
export async function startPage(shell: Shell, workspace: Workspace, options: PageOptions): Promise<StartedPage> {
  const served = await serveAt(shell, workspace, options)
  if (!isLocalAddress(options.address)) {
    const what = options.events === null ? 'reads all rows' : 'reads all rows and spends your money'
    shell.warn(`other machines reach this address, unencrypted; who has the token ${what}. Better: docs/page.md`)
  }
  return {
    openUrl: served.openUrl,
    close: async () => {
      for (const id of await served.close()) {
        shell.tell(
          inFlags(`Run ${id} stops here; nothing of it is cancelled. Go on with: ${commandLine('resume', id)}`),
        )
      }
    },
  }
}

async function serveAt(shell: Shell, workspace: Workspace, { address, events, port }: PageOptions): Promise<ServedUi> {
  const onTrouble = (error: unknown): void => shell.tell(renderError(asKnownError(error), shell.errorColors))
  const options = {
    address,
    actions: events && { emitter: events.emitter, onTrouble },
    providers: (name: string | undefined) => chosenProviders(workspace, name),
    onTrouble,
  }
  if (port !== undefined) return await serveUi(workspace, { ...options, port })
  try {
    return await serveUi(workspace, { ...options, port: USUAL_PAGE_PORT })
  } catch (error) {
    if (!LlmBatchError.isInstance(error) || error.code !== 'usage') throw error
    return await serveUi(workspace, { ...options, port: 0 })
  }
}
