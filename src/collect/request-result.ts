import type { Outcome } from '../model/outcome.ts'
import type { RequestResult } from '../model/request-result.ts'
import type { Verdict } from './triage.ts'

/** Position of a result's line in the attempt's files. */
export type ResultPlace = Pick<RequestResult, 'file' | 'offset' | 'length' | 'crc32'>

/** A request's outcome as it is recorded; `place` is null where no line tells of it. */
export function requestResult(
  outcome: Outcome,
  place: ResultPlace | null,
  { countsAsTry, verdict }: Verdict,
): RequestResult {
  return {
    status: outcome.status,
    code: outcome.code,
    reason: outcome.reason,
    billed: outcome.billed,
    promptTokens: outcome.usage?.promptTokens ?? null,
    completionTokens: outcome.usage?.completionTokens ?? null,
    cachedTokens: outcome.usage?.cachedTokens ?? null,
    reasoningTokens: outcome.usage?.reasoningTokens ?? null,
    cacheWriteTokens: outcome.usage?.cacheWriteTokens ?? null,
    hourWriteTokens: outcome.usage?.hourWriteTokens ?? null,
    model: outcome.model,
    file: place?.file ?? null,
    offset: place?.offset ?? null,
    length: place?.length ?? null,
    crc32: place?.crc32 ?? null,
    verdict,
    countsAsTry,
  }
}

/** The same of an answer that an earlier run has bought: it is final, and took no try of this one. */
export function carriedResult(outcome: Outcome, place: ResultPlace): RequestResult {
  return requestResult(outcome, place, { verdict: 'final', countsAsTry: false })
}
