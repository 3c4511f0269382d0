import type { RequestResult } from '../model/request-result.ts'
import { plainGroup, Tally, type TallyGroup } from '../model/tally.ts'
import type { AttemptUsage } from '../store/port/attempt.ts'
import { Entry, type LogBatch } from './log-batch.ts'
import type { Outcomes } from './outcomes.ts'
import { stateOf } from './present.ts'
import type { RowWeights } from './row-weights.ts'

/** Counts the requests of a batch as they stand, but for those that newer batches have taken over. */
export function tallyOf(
  batch: LogBatch,
  weights: RowWeights,
  longAboveTokens: number,
  taken: ReadonlySet<number> = new Set(),
): readonly TallyGroup[] {
  const tally = new Tally()
  for (let index = 0; index < batch.plan.length; index += 1) {
    const entry = new Entry(batch, index)
    if (taken.has(entry.ordinal)) continue
    tally.add(groupOf(entry, weights.rowsOf(entry.ordinal), longAboveTokens))
  }
  return tally.groups()
}

/** The group that a request of a batch is counted in, with this request alone. */
export function groupOf(entry: Entry, rows: number, longAboveTokens: number): TallyGroup {
  const { batch, index, result, turn } = entry
  const state = stateOf(entry)
  const earlierUsd = batch.plan.earlierUsdAt(index)
  if (result === null) return plainGroup(state, turn, { requests: 1, rows }, earlierUsd)
  const told = toldIn(result, longAboveTokens)
  // Member by member: spreads of so many take longer than all else that is done to a request here.
  return {
    state,
    status: told.status,
    billed: told.billed,
    code: told.code,
    turn,
    isLong: told.isLong,
    reason: told.reason,
    requests: 1,
    rows,
    answers: told.answers,
    promptTokens: told.promptTokens,
    completionTokens: told.completionTokens,
    cachedTokens: told.cachedTokens,
    reasoningTokens: told.reasoningTokens,
    cacheWriteTokens: told.cacheWriteTokens,
    hourWriteTokens: told.hourWriteTokens,
    withoutUsage: told.withoutUsage,
    earlierUsd,
  }
}

/** What a result adds to its group. */
function toldIn(result: RequestResult, longAboveTokens: number) {
  const { billed, cachedTokens, code, completionTokens, promptTokens, reasoningTokens, reason, status } = result
  return {
    status,
    billed,
    code,
    reason,
    isLong: (promptTokens ?? 0) > longAboveTokens,
    answers: promptTokens === null ? 0 : 1,
    promptTokens: promptTokens ?? 0,
    completionTokens: completionTokens ?? 0,
    cachedTokens: cachedTokens ?? 0,
    reasoningTokens: reasoningTokens ?? 0,
    cacheWriteTokens: result.cacheWriteTokens ?? 0,
    hourWriteTokens: result.hourWriteTokens ?? 0,
    withoutUsage: billed !== 'no' && promptTokens === null ? 1 : 0,
  }
}

/** The tokens of all outcomes of a batch, final or not; results with longer input than so are counted apart. */
export function usageOf(outcomes: Outcomes, longAboveTokens: number): readonly AttemptUsage[] {
  const parts = [false, true].map((isLong) => ({ ...NO_USAGE, isLong }))
  for (let index = 0; index < outcomes.length; index += 1) {
    const result = outcomes.at(index)
    if (result === undefined) continue
    const told = toldIn(result, longAboveTokens)
    const part = parts[told.isLong ? 1 : 0]
    if (!part) continue
    part.results += 1
    for (const field of USAGE_FIELDS) part[field] += told[field]
  }
  return parts.filter(({ results }) => results > 0)
}

const USAGE_FIELDS = [
  'answers',
  'promptTokens',
  'completionTokens',
  'cachedTokens',
  'reasoningTokens',
  'cacheWriteTokens',
  'hourWriteTokens',
  'withoutUsage',
] as const

const NO_USAGE = {
  results: 0,
  answers: 0,
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  cacheWriteTokens: 0,
  hourWriteTokens: 0,
  withoutUsage: 0,
}
