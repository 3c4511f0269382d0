import { Hono } from 'hono'
import { parseJson } from '../../lib/json.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { BatchRunner } from '../batch/batch-runner.ts'
import { FAULTS } from '../faults/catalogue.ts'
import { DIRECTIVES } from '../simulate/directive.ts'
import type { Simulator } from '../simulator.ts'
import { readLedger } from '../state/ledger.ts'
import type { Environment } from './environment.ts'

/** Routes below `/simulator` that no provider has: the books, the faults, and waiting until all batches have ended. */
export function controlRoutes(simulator: Simulator, runner: BatchRunner): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.get('/ledger', async () => Response.json(await readLedger(simulator.state)))
  routes.get('/directives', () => Response.json(DIRECTIVES))
  routes.get('/faults', () => {
    const { rules, fired } = simulator.faults
    return Response.json({ rules, fired, known: FAULTS })
  })
  routes.post('/faults', async (context) => setFaults(simulator, await context.req.text()))
  routes.post('/drain', async () => {
    await runner.drain()
    return Response.json({ isDrained: true })
  })
  return routes
}

/** The body is a list of rules or of their texts; an empty one switches all faults off. */
function setFaults(simulator: Simulator, text: string): Response {
  try {
    const rules: unknown = parseJson(text)
    if (!Array.isArray(rules)) throw new LlmBatchError('usage', 'the faults must be a list of rules')
    simulator.faults.set(rules)
    return Response.json({ rules: simulator.faults.rules })
  } catch (error) {
    if (!LlmBatchError.isInstance(error) && !(error instanceof SyntaxError)) throw error
    return Response.json({ error: { message: error.message } }, { status: 400 })
  }
}
