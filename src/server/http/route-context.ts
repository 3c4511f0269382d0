import type { MiddlewareHandler } from 'hono'
import { parseJson } from '../../lib/json.ts'
import type { BatchRunner } from '../batch/batch-runner.ts'
import type { Call } from '../faults/catalogue.ts'
import type { Simulator } from '../simulator.ts'
import type { DialectName } from '../state/record.ts'
import type { Owner } from '../state/state.ts'
import type { ServerContext } from './environment.ts'
import { faulty } from './faulty.ts'

/** Context of the routes of one dialect. */
export interface RouteContext {
  readonly simulator: Simulator
  readonly runner: BatchRunner
  readonly dialect: DialectName
}

/** The middleware that puts faults on a call. */
export function on(route: RouteContext, call: Call): MiddlewareHandler {
  return faulty(route.simulator, route.dialect, call)
}

/** Who asks. */
export function ownerOf(route: RouteContext, context: ServerContext): Owner {
  return { dialect: route.dialect, account: context.var.account }
}

/** The request's JSON, or undefined where it is none. */
export async function jsonOf(context: ServerContext): Promise<unknown> {
  const text = await context.req.text()
  try {
    return parseJson(text)
  } catch {
    // Not JSON: the route refuses it in the API's own words.
    return undefined
  }
}

/** Up to which instant records are listed: now, or earlier where the listing lags. */
export function listedUntilMs(route: RouteContext, context: ServerContext): number {
  return route.simulator.clock.now() - context.var.faults.milliseconds('lag')
}
