import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts'
import { type ServedGateway, type ServeGatewayOptions, serveGateway } from '../../src/gateway/start-gateway.ts'
import { systemDisk } from '../../src/lib/disk.ts'
import { start } from './command.ts'
import type { LocalWorld } from './local-world.ts'
import { openPlace, type PlaceParts } from './open-place.ts'

/** A gateway in the test's own process, closed when the test is over. */
export async function openGateway(
  world: LocalWorld,
  options: Partial<GatewayOptions & ServeGatewayOptions> & { readonly parts?: PlaceParts } = {},
): Promise<ServedGateway & { readonly gateway: Gateway }> {
  const { parts, ...given } = options
  const workspace = await openPlace(world, parts)
  const provider = given.provider ?? 'openai'
  const gateway = await Gateway.open(workspace, {
    name: provider,
    provider,
    gathering: { idleMs: 30, calls: 1_000, bytes: 1_000_000 },
    journals: { disk: systemDisk, folder: join(world.home, 'gateway') },
    onTrouble: (_, error) => fail(error),
    onHeld: () => undefined,
    ...given,
  })
  const served = await serveGateway(gateway, {
    port: 0,
    address: '127.0.0.1',
    token: null,
    holdMs: 240_000,
    isPassing: false,
    secrets: Object.values(world.environment).filter((value) => value.includes('-0123456789')),
    onTrouble: fail,
    ...given,
  })
  onTestFinished(async () => {
    await served.close()
    await gateway.close()
    await workspace.close()
  })
  return { ...served, gateway }
}

/** Fails the test from outside of what it waits for. */
function fail(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

/** The built command, once it answers. */
export async function startGateway(world: LocalWorld, ...words: readonly string[]) {
  const command = start(world, ['gateway', '--port', '0', '--idle', '50ms', ...words])
  const shown = await command.shows('Stop with Ctrl-C')
  const [, url = ''] = /_BASE_URL=(http:\/\/[^/\s]+)/.exec(shown) ?? []
  return { ...command, url, baseURL: `${url}/v1` }
}

/** A plain `POST` of JSON. */
export async function post(
  url: string,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** The body of a chat completion with a nonce by which the server's books know it. */
export function chatBody(nonce: string): object {
  return { model: 'gpt-6-luna', messages: [{ role: 'user', content: `Hello. nonce:${nonce}` }] }
}
