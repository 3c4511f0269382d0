import type { Outcome } from '../model/outcome.ts'
import type { NewResult } from '../store/store.ts'
import type { Verdict } from './triage.ts'

/** Position of a result's line in the attempt's files. */
export type ResultPlace = Pick<NewResult, 'file' | 'offset' | 'length'>

/** A request's outcome as it is recorded; `place` is null where no line tells of it. */
export function newResult(
  ordinal: number,
  outcome: Outcome,
  place: ResultPlace | null,
  { countsAsTry, verdict }: Verdict,
): NewResult {
  return {
    ordinal,
    status: outcome.status,
    code: outcome.code,
    reason: outcome.reason,
    billed: outcome.billed,
    promptTokens: outcome.usage?.promptTokens ?? null,
    completionTokens: outcome.usage?.completionTokens ?? null,
    cachedTokens: outcome.usage?.cachedTokens ?? null,
    reasoningTokens: outcome.usage?.reasoningTokens ?? null,
    model: outcome.model,
    file: place?.file ?? null,
    offset: place?.offset ?? null,
    length: place?.length ?? null,
    verdict,
    countsAsTry,
  }
}
