import type { Context } from 'hono'
import type { Clock } from '../../lib/clock.ts'
import type { SynchronousShape } from '../../providers/provider.ts'
import type { Gateway } from '../gateway.ts'

/** Everything that the routes of a gateway work with. */
export interface GatewaySurroundings {
  readonly gateway: Gateway
  readonly clock: Clock
  /** How long a connection is held at most for an answer. */
  readonly holdMs: number
  /** True where calls that batches do not take go to the provider as they are. */
  readonly isPassing: boolean
  /** What clients must show; null where any program of this machine may ask. */
  readonly token: string | null
  /** True where only this machine can reach it. */
  readonly isLocal: boolean
  /** The most bytes of a body. */
  readonly mostBytes: number
  /** The form of errors. */
  readonly shape: SynchronousShape | undefined
  /** What no answer may show. */
  readonly secrets: readonly string[]
  /** Aborted when the gateway is being stopped. */
  readonly stopping: AbortSignal
  /** Told of what is a bug of ours. */
  readonly onTrouble: (error: unknown) => void
}

/** One request to a gateway. */
export type GatewayContext = Context
