import { grouped } from '../../lib/number.ts'
import { DIALECT } from '../dialects.ts'
import type { Simulator } from '../simulator.ts'
import { type BatchRecord, isFinal, type ValidationProblem } from '../state/record.ts'
import type { Validation } from './validate.ts'

/** The refusal where this batch does not fit beside what is queued for its model, or undefined. */
export function queueRefusal(
  simulator: Simulator,
  batch: BatchRecord,
  found: Validation,
): ValidationProblem | undefined {
  const limit = simulator.overrides.queueTokens
  if (limit === undefined || DIALECT[batch.dialect].isRefusedForRows === false) return undefined
  const queued = queuedTokens(simulator, batch, found.model)
  return queued + found.queuedTokens > limit ? tokenLimitExceeded(found.model, limit) : undefined
}

/** The words with which OpenAI refuses a batch that its queue has no room for. */
export function tokenLimitExceeded(model: string | null, limit: number): ValidationProblem {
  const message = `Enqueued token limit reached for ${model} in organization org-simulated. Limit: ${grouped(limit)} enqueued tokens. Please try again once some in_progress batches have been completed.`
  return { code: 'token_limit_exceeded', message, line: null, param: null }
}

function queuedTokens(simulator: Simulator, batch: BatchRecord, model: string | null): number {
  let tokens = 0
  for (const other of simulator.state.batches.values()) {
    const sharesQueue = other.dialect === batch.dialect && other.account === batch.account && other.model === model
    if (sharesQueue && other.id !== batch.id && !isFinal(other.phase)) tokens += other.queuedTokens
  }
  return tokens
}
