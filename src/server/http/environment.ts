import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ActiveFaults } from '../faults/injector.ts'

/** Values that hono carries through one request. */
export interface Environment {
  Bindings: HttpBindings
  Variables: {
    /** The account of the key that was sent. */
    account: string
    /** What goes wrong with this call. */
    faults: ActiveFaults
  }
}

export type ServerContext = Context<Environment>
