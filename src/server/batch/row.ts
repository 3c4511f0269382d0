import type { JsonObject } from '../../lib/json.ts'

/** One request of a batch. */
export interface Row {
  /** 1-based place in the batch. */
  readonly position: number
  readonly customId: unknown
  readonly body: JsonObject
  /** The body as the client wrote it, every digit of its numbers; only until the next list of rows is asked for. */
  json(): string
}

/** The reason why an execution stops early. `closed`: the server stops, and goes on when it is started again. */
export type Halt = 'cancelled' | 'expired' | 'closed'
