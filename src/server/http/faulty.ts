import type { MiddlewareHandler } from 'hono'
import type { Call } from '../faults/catalogue.ts'
import type { Simulator } from '../simulator.ts'
import type { DialectName } from '../state/record.ts'
import { breakAnswer } from './break-answer.ts'
import { breakCall } from './break-call.ts'
import type { Environment } from './environment.ts'

/** Stands before and behind one call and lets go wrong what the rules say. */
export function faulty(simulator: Simulator, dialect: DialectName, call: Call): MiddlewareHandler<Environment> {
  return async (context, next) => {
    const faults = simulator.faults.take(call)
    context.set('faults', faults)
    if (faults.list.length === 0) return await next()
    const refusal = await breakCall(simulator, context, dialect, faults)
    if (refusal) return refusal
    await next()
    const answer = context.res
    // Hono would merge the headers of the old answer into the new one.
    context.res = undefined
    context.res = await breakAnswer(simulator, context, dialect, faults, answer)
    return undefined
  }
}
