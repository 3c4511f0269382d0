import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { type HttpListener, listenForHttp } from '../lib/http/listener.ts'
import { packageFolder } from '../lib/package-folder.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { type ActionPorts, RunActions } from './actions/run-actions.ts'
import { buildUiApp } from './app.ts'
import { Comparisons } from './compare/comparisons.ts'
import { PageFiles } from './http/page-files.ts'
import { LiveRuns } from './live/live-runs.ts'
import { readOnlyDisk } from './read-only-disk.ts'
import { OpenedRuns } from './runs/opened-runs.ts'
import type { UiSurroundings } from './surroundings.ts'

/** Options of serving the page. */
export interface ServeUiOptions {
  /** 0 for any that is free. */
  readonly port: number
  /** An address of this machine. */
  readonly address: string
  /** What actions need; null where the page only shows. */
  readonly actions: ActionPorts | null
  /** The provider of this name, or all that have a key; they are asked only where the page is told to. */
  readonly providers: UiSurroundings['providers']
  /** Told of what is a bug of ours. */
  readonly onTrouble: (error: unknown) => void
}

/** A page that can be looked at. */
export interface ServedUi {
  /** Without the token. */
  readonly url: string
  /** What a person opens: the address with the token in it. */
  readonly openUrl: string
  /** Resolves with the ids of the runs that it worked on, which stop with it. */
  close(): Promise<readonly string[]>
}

const TOKEN_BYTES = 32

/** Has the page of a home served, until it is closed. Throws `usage` where the port is taken. */
export async function serveUi(workspace: Workspace, options: ServeUiOptions): Promise<ServedUi> {
  const { clock, disk, random } = workspace
  const stopping = new AbortController()
  // Every page that is open listens; ten of them are not a leak.
  setMaxListeners(0, stopping.signal)
  const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')
  const home: Workspace = { ...workspace, disk: readOnlyDisk(disk, onlyRead) }
  const page = await PageFiles.read(disk, join(packageFolder(), 'dist', 'page'))
  // The name of the cookie needs the port, which is known once it is ours.
  let answer: ((request: Request) => Response | Promise<Response>) | undefined
  const listener = await listen((request) => answer?.(request) ?? new Response(null, { status: 503 }), options, clock)
  const { address, onTrouble, providers } = options
  const actions = options.actions && new RunActions(workspace, options.actions, stopping.signal)
  const runs = new OpenedRuns(home)
  const app = buildUiApp({
    home,
    runs,
    live: new LiveRuns(home, runs, stopping.signal),
    comparisons: new Comparisons(home, stopping.signal),
    page,
    providers,
    access: { token, cookie: `llm-batch-ui-${listener.port}`, address },
    actions,
    stopping: stopping.signal,
    onTrouble,
  })
  answer = (request) => app.fetch(request)
  return {
    url: listener.url,
    openUrl: `${listener.url}/?token=${token}`,
    close: async () => {
      stopping.abort()
      await listener.close()
      return (await actions?.stop()) ?? []
    },
  }
}

/** Only files that are made again from others are ever written by who looks. */
function onlyRead(): LlmBatchError {
  return new LlmBatchError('disk', 'a file of the run is damaged, and the page changes nothing', {
    next: 'Write the answers of the run once: that makes the file again, where it can be made.',
  })
}

async function listen(
  answer: (request: Request) => Response | Promise<Response>,
  { address, port }: ServeUiOptions,
  clock: Workspace['clock'],
): Promise<HttpListener> {
  try {
    return await listenForHttp(answer, { address, port, clock })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new LlmBatchError('usage', `port ${port} of ${address} cannot be used: ${error.message}`, {
      next: 'Name another port; 0 takes any that is free.',
      cause: error,
    })
  }
}
