import { errorShapeOf } from '../calls/call-replies.ts'
import { VARIABLES } from '../config/variables.ts'
import { isLocalAddress, listenForHttp } from '../lib/http/listener.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Gateway } from './gateway.ts'
import { buildGatewayApp } from './http/app.ts'

/** Options of serving a gateway. */
export interface ServeGatewayOptions {
  /** 0 for any that is free. */
  readonly port: number
  /** An address of this machine; another one than loopback needs a token. */
  readonly address: string
  readonly token: string | null
  /** How long a connection is held at most for an answer. */
  readonly holdMs: number
  /** True where calls that batches do not take go to the provider as they are, with the gateway's own key. */
  readonly isPassing: boolean
  /** What no answer may show; may grow. */
  readonly secrets: readonly string[]
  /** Told of what is a bug of ours. */
  readonly onTrouble: (error: unknown) => void
}

/** A gateway that answers. */
export interface ServedGateway {
  /** Without a path. */
  readonly url: string
  /** Answers what is held with 503, and takes no more. The runs are the caller's to close. */
  close(): Promise<void>
}

/** The most bytes of a body; longer than any line that providers take. */
const MOST_BYTES = 64 * 1024 * 1024

/** Throws `usage` for an address that other machines reach where there is no token. */
export function assertGuarded({ address, token }: Pick<ServeGatewayOptions, 'address' | 'token'>): void {
  if (token !== null || isLocalAddress(address)) return
  throw new LlmBatchError('usage', `${address} is an address that other machines reach, and there is no token`, {
    next: `Set ${VARIABLES.gatewayToken} to a long random text, which clients show as their key.`,
  })
}

/** Has a gateway listen. Throws as `assertGuarded` does. */
export async function serveGateway(gateway: Gateway, options: ServeGatewayOptions): Promise<ServedGateway> {
  assertGuarded(options)
  const { address } = options
  const { clock } = gateway.workspace
  const stopping = new AbortController()
  const shape = errorShapeOf(gateway.provider)
  const app = buildGatewayApp({
    ...options,
    gateway,
    clock,
    isLocal: isLocalAddress(address),
    mostBytes: MOST_BYTES,
    shape,
    stopping: stopping.signal,
  })
  const listener = await listenForHttp((request) => app.fetch(request), { address, clock, port: options.port })
  return {
    url: listener.url,
    close: async () => {
      stopping.abort()
      await listener.close()
    },
  }
}
