import { onTestFinished } from 'vitest'
import { chosenProviders } from '../../src/cli/remote/choose-provider.ts'
import { type ServedUi, type ServeUiOptions, serveUi } from '../../src/ui/serve-ui.ts'
import { type Surroundings, start } from './command.ts'
import type { LocalWorld } from './local-world.ts'
import { openPlace, type PlaceParts } from './open-place.ts'

/** The page's server in the test's own process. */
export interface OpenedUi extends ServedUi {
  readonly token: string
  /** Asks as the page does, and parses the answer. */
  get<Answer>(path: string): Promise<Answer>
  /** Asks with the token and these headers. */
  ask(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
}

/** Serves the page of a world's home, until the test is over or `onFinished` cleans. */
export async function openUi(
  world: LocalWorld,
  options: Partial<ServeUiOptions> & {
    readonly parts?: PlaceParts
    readonly onFinished?: (clean: () => Promise<void>) => void
  } = {},
): Promise<OpenedUi> {
  const { onFinished = onTestFinished, parts, ...given } = options
  const workspace = await openPlace(world, parts)
  const served = await serveUi(workspace, {
    port: 0,
    address: '127.0.0.1',
    actions: null,
    providers: (name) => chosenProviders(workspace, name),
    onTrouble: fail,
    ...given,
  })
  onFinished(async () => {
    await served.close()
    await workspace.close()
  })
  return { ...served, ...askerAt(served.openUrl) }
}

/** The built command, once its page can be looked at. */
export async function startUi(surroundings: Surroundings, ...words: readonly string[]) {
  const command = start(surroundings, ['ui', '--port', '0', ...words])
  const [address = ''] = /http:\/\/\S+/.exec(await command.shows('Stop with Ctrl-C')) ?? []
  return { ...command, ...askerAt(address) }
}

function askerAt(address: string): Pick<OpenedUi, 'ask' | 'get' | 'token'> {
  const { origin, searchParams } = new URL(address)
  const token = searchParams.get('token') ?? ''
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } })
  const get = async <Answer>(path: string): Promise<Answer> => {
    const answer = await ask(path)
    if (answer.ok) return (await answer.json()) as Answer
    throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
  return { token, ask, get }
}

/** Fails the test from outside of what it waits for. */
function fail(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
