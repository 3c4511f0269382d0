import { type JsonObject, stringOf } from '../../lib/json.ts'
import type { ExecutionPlace } from '../batch/execution-place.ts'
import type { Executor } from '../batch/executor.ts'
import { Pace } from '../batch/pace.ts'
import type { Halt, Row } from '../batch/row.ts'
import { standardModel } from '../dialect.ts'
import { DIALECT } from '../dialects.ts'
import { rowFault } from '../faults/run-faults.ts'
import type { BatchRecord } from '../state/record.ts'
import { cachedResult, executeRow, type RowResult } from './execute-row.ts'
import { refusedStream } from './parameter-check.ts'

/** Invents the answers, at the pace that the server was given. A batch that it did not finish begins with its first row. */
export const SIMULATED: Executor = {
  async execute(place, work) {
    const { batch, settlement, signals } = work
    const pace = new Pace(place, batch, signals.halt)
    let halt: Halt | undefined
    for await (const rows of work.rows()) {
      for (const row of rows) {
        const done = row.position - 1
        if (!halt && done % pace.stride === 0) halt = await pace.reach(done, settlement.tally)
        if (halt === 'closed') return halt
        if (halt) await settlement.leave(row, halt)
        else await settlement.settle(row, await executed(place, batch, row))
      }
    }
    return halt
  },

  async answer(place, request) {
    const { account, body, dialect, model } = request
    const { caches, clock } = place
    const use = { account, batchId: null, body, model, now: clock.now(), caches }
    return cachedResult(dialect, await executeRow(request, place), use)
  },
}

async function executed(place: ExecutionPlace, batch: BatchRecord, row: Row): Promise<RowResult> {
  const { account, dialect, id: batchId } = batch
  const failure = rowFault(batch, row.position)
  if (failure) return failure
  const request = { ...requestOf(batch, row.body), createdAt: startedAt(batch) }
  const refused = refusedStream({ ...request, wording: DIALECT[dialect].wording })
  if (refused) {
    return { fate: 'answered', status: refused.status, body: DIALECT[dialect].errorBody(refused), billed: null }
  }
  const { caches, clock } = place
  const use = { account, batchId, body: row.body, model: request.model, now: clock.now(), caches }
  return cachedResult(dialect, await executeRow(request, place), use)
}

function requestOf({ dialect, endpoint, model }: BatchRecord, body: JsonObject) {
  return { dialect, endpoint, model: model ?? stringOf(body['model']) ?? standardModel(endpoint) ?? '', body }
}

/** When the batch began to run, in epoch seconds. */
function startedAt({ createdAtMs, enteredAtMs }: BatchRecord): number {
  return Math.floor((enteredAtMs.running ?? createdAtMs) / 1_000)
}
