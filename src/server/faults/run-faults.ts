import { tokenLimitExceeded } from '../batch/queue.ts'
import type { Validation } from '../batch/validate.ts'
import { DIALECT } from '../dialects.ts'
import type { RowResult } from '../simulate/execute-row.ts'
import { usualError } from '../simulate/provider-error.ts'
import { digestOf } from '../state/identifier.ts'
import type { BatchRecord, ValidationProblem } from '../state/record.ts'

/** The limit that a simulated queue refusal names. */
const NAMED_QUEUE_LIMIT = 2_000_000

/** The problem with which a fault makes validation refuse the batch, or undefined. */
export function refusalFault(batch: BatchRecord, found: Validation): ValidationProblem | undefined {
  if (batch.faults.some((fault) => fault.name === 'queue-full'))
    return tokenLimitExceeded(found.model, NAMED_QUEUE_LIMIT)
  const refusal = batch.faults.find((fault) => fault.name === 'refuse')
  if (!refusal) return undefined
  const [code = '', line] = refusal.argument.split('@')
  return { code, message: `Refused on purpose: ${code}.`, line: line ? Number(line) : null, param: null }
}

/** How a fault makes the row at this place fail, or undefined. The same rows fail when the batch is executed again. */
export function rowFault(batch: BatchRecord, position: number): RowResult | undefined {
  const fault = batch.faults.find((one) => one.name === 'row-status')
  if (!fault) return undefined
  const [status = '', share = '1'] = fault.argument.split('@')
  const drawn = Number.parseInt(digestOf(batch.id, position).slice(0, 8), 16) / 2 ** 32
  if (drawn >= Number(share)) return undefined
  const error = usualError(Number(status))
  return { fate: 'answered', status: error.status, body: DIALECT[batch.dialect].errorBody(error), billed: null }
}
