import { sumKnown } from '../lib/number.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { AnswerLength } from '../prices/answer-length.ts'
import { costOf } from '../prices/cost.ts'
import { roundUsd, sumUsd } from '../prices/dollars.ts'
import type { Price } from '../prices/price.ts'
import type { Recovery } from '../providers/provider.ts'
import { adviceFor } from './advice.ts'
import { estimateDiskBytes } from './disk-space.ts'
import {
  NO_PREFIXES,
  type PromptCachePlan,
  prefixesWithin,
  promptCacheCost,
  promptCachePlan,
  type TargetPrefixes,
} from './prompt-cache.ts'
import { NOTHING_SHARED, type PlanSharing, type SharingCounts, summariseSharing } from './sharing.ts'
import type { BatchCut } from './splitter.ts'
import type { TargetTally } from './tally.ts'

/** Summary of the requests that a run would send: shown by `plan`, and before money is spent. */
export interface PlanSummary {
  readonly rows: number
  readonly requests: number
  /** Rows that cannot be sent. */
  readonly problems: number
  /** Requests whose placeholders are all empty. */
  readonly emptyPlaceholders: number
  /** In the order of their first batch. */
  readonly targets: readonly TargetSummary[]
  /** Requests that are asked directly before anything is bought in batches. */
  readonly directRequests: number
  readonly batches: number
  readonly bytes: number
  /** Estimated input tokens. */
  readonly tokens: number
  readonly expectedOutputTokens: number
  /** Null where any answer is without limit. */
  readonly mostOutputTokens: number | null
  /** Null where a price is unknown. */
  readonly cost: CostEstimate | null
  /** What asking again may add; null where nothing is asked again. */
  readonly reasks: ReaskEstimate | null
  /** Bytes the run will take in its home until it is removed, roughly. */
  readonly diskBytes: number
  /** Rows that are not bought, or need not be. */
  readonly sharing: PlanSharing
  /** What requests share that could be, or is, read from the provider's cache; null where that is not worth a word. */
  readonly promptCache: PromptCachePlan | null
  /** How the provider lets a batch be found again whose create was not answered. */
  readonly recovery: Recovery
  readonly advice: readonly string[]
}

/** The part of a plan that goes to one target. */
export interface TargetSummary {
  readonly target: Target
  readonly requests: number
  /** Those of them that are asked directly first, at the full price. */
  readonly directRequests: number
  readonly batches: number
  /** Bytes of the input files. */
  readonly bytes: number
  /** Estimated input tokens. */
  readonly tokens: number
  readonly expectedOutputTokens: number
  /** What that follows from. */
  readonly expectedAnswer: AnswerLength
  /** Null where any answer is without limit. */
  readonly mostOutputTokens: number | null
  readonly price: Price | null
  readonly cost: CostEstimate | null
  /** What may wait at the provider at once, and how often that is filled; null where no limit is known. */
  readonly queue: { readonly tokens: number; readonly rounds: number } | null
}

/** Highest cost of asking again for invalid answers: part of the most, not of what is expected. */
export interface ReaskEstimate {
  /** Times that a row is asked again at most. */
  readonly turns: number
  /** US dollars, with every answer invalid every time; null where a price is unknown. */
  readonly mostUsd: number | null
  /** True where answers are without limit, and count as long as expected. */
  readonly isExpectedLength: boolean
}

/** US dollars, from estimated tokens. */
export interface CostEstimate {
  /** At the batch price, with answers as long as expected. */
  readonly expectedUsd: number
  /** With every answer as long as it may be, and asked for again as often as it may be; null where any is without limit. */
  readonly mostUsd: number | null
  /** The part of that for asking again; zero where nothing is. */
  readonly reasksUsd: number
  /** The same at the synchronous price. */
  readonly synchronousUsd: number
  readonly synchronousMostUsd: number | null
}

/** Counts from the time when rows become requests. */
export interface PlanCounts {
  readonly rows: number
  readonly problems: number
  readonly emptyPlaceholders: number
  /** Bytes of the frozen rows. */
  readonly rowBytes: number
  /** Most tokens per answer, where set for all requests. */
  readonly maxTokens: number | null
  /** Times that a row is asked again whose answer does not fit. @default 0 */
  readonly maxReasks?: number
  /** Rows that were told apart by where their answers come from. @default none was */
  readonly sharing?: SharingCounts
  /** True where one request of each shared beginning is sent first. @default false */
  readonly isPriming?: boolean
}

/** Facts of a target that an estimate needs. */
export interface TargetFacts {
  readonly price: Price | null
  /** True for prices of ours that are more than ninety days old. @default false */
  readonly isPriceOld?: boolean
  readonly expectedAnswer: AnswerLength
  readonly tally: TargetTally
  /** The beginnings that its requests share. @default none is known */
  readonly prefixes?: TargetPrefixes
  /** Input tokens that may wait at the provider at once; null where not known. */
  readonly queueTokens: number | null
}

/** Adds up a plan. */
export function summarisePlan(
  counts: PlanCounts,
  cuts: readonly BatchCut[],
  factsOf: (target: Target) => TargetFacts,
): Omit<PlanSummary, 'recovery'> {
  const { isPriming = false, maxReasks = 0 } = counts
  const usual = groupByTarget(cuts).map(({ cuts: own, target }) =>
    summariseTarget(target, own, factsOf(target), maxReasks),
  )
  const prefixesOf = ({ target, tokens }: TargetSummary): TargetPrefixes =>
    prefixesWithin(factsOf(target).prefixes ?? NO_PREFIXES, tokens)
  const targets = isPriming ? usual.map((target) => primed(target, prefixesOf(target))) : usual
  const requests = sum(cuts, 'requests')
  const bytes = sum(cuts, 'bytes')
  const sharing = counts.sharing ?? NOTHING_SHARED
  const { carried } = sharing.tally
  return {
    rows: counts.rows,
    requests,
    problems: counts.problems,
    emptyPlaceholders: counts.emptyPlaceholders,
    targets,
    directRequests: sum(targets, 'directRequests'),
    batches: sum(targets, 'batches'),
    bytes,
    tokens: sum(cuts, 'tokens'),
    expectedOutputTokens: sum(targets, 'expectedOutputTokens'),
    mostOutputTokens: sumKnown(targets.map(({ mostOutputTokens }) => mostOutputTokens)),
    cost: addCosts(targets.map(({ cost }) => cost)),
    reasks: maxReasks === 0 ? null : addReasks(targets, maxReasks),
    diskBytes: estimateDiskBytes({
      ...counts,
      requests: requests + carried.rows,
      inputBytes: bytes + carried.bytes,
      outputBytes: targets.reduce((total, { target }) => total + factsOf(target).tally.outputBytes, 0),
    }),
    sharing: summariseSharing(sharing, cuts, factsOf),
    promptCache: promptCachePlan(
      usual.map((target) => ({ ...target, prefixes: prefixesOf(target), usualUsd: target.cost?.expectedUsd ?? null })),
      isPriming,
    ),
    advice: targets.flatMap((target) => {
      const { isPriceOld = false, tally } = factsOf(target.target)
      return adviceFor({ ...target, isPriceOld, expectedUsd: target.cost?.expectedUsd ?? null }, tally)
    }),
  }
}

function groupByTarget(cuts: readonly BatchCut[]): readonly { target: Target; cuts: readonly BatchCut[] }[] {
  const groups = new Map<string, { target: Target; cuts: BatchCut[] }>()
  for (const cut of cuts) {
    const key = targetKey(cut.target)
    const group = groups.get(key)
    if (group) group.cuts.push(cut)
    else groups.set(key, { target: cut.target, cuts: [cut] })
  }
  return [...groups.values()]
}

function summariseTarget(
  target: Target,
  cuts: readonly BatchCut[],
  facts: TargetFacts,
  maxReasks: number,
): TargetSummary {
  const { expectedAnswer, price, queueTokens, tally } = facts
  const batched = cuts.filter(({ kind }) => kind !== 'direct')
  const requests = sum(cuts, 'requests')
  const tokens = sum(cuts, 'tokens')
  // Models that give no tokens, such as embeddings, have no output to pay for.
  const mostOutputTokens = price?.outputUsd === null ? 0 : tally.mostOutputTokens
  const expectedOutputTokens = Math.min(requests * expectedAnswer.tokens, mostOutputTokens ?? Number.POSITIVE_INFINITY)
  const size = { requests, tokens, expectedOutputTokens, mostOutputTokens }
  return {
    target,
    requests,
    directRequests: requests - sum(batched, 'requests'),
    batches: batched.length,
    bytes: sum(cuts, 'bytes'),
    tokens,
    expectedOutputTokens,
    expectedAnswer,
    mostOutputTokens,
    price,
    cost: estimateCost(price, size, {
      part: sum(batched, 'requests') / requests,
      reasks: reaskTokens(size, maxReasks),
    }),
    queue:
      queueTokens === null ? null : { tokens: queueTokens, rounds: Math.ceil(sum(batched, 'tokens') / queueTokens) },
  }
}

/** The same with what priming saves where it works, and what it costs where the cache serves nothing. */
function primed(target: TargetSummary, prefixes: TargetPrefixes): TargetSummary {
  const cache = promptCacheCost(prefixes, target.price)
  if (target.cost === null || cache === null) return target
  const { expectedUsd, mostUsd } = target.cost
  const cost = {
    ...target.cost,
    expectedUsd: roundUsd(expectedUsd - (cache.savedUsd ?? 0)),
    mostUsd: mostUsd === null ? null : roundUsd(mostUsd + cache.mostMoreUsd),
  }
  return { ...target, cost }
}

type Size = Pick<TargetSummary, 'requests' | 'tokens' | 'expectedOutputTokens' | 'mostOutputTokens'>

/** Tokens of the words that say what is wrong with an answer, rather too many. */
const CORRECTION_TOKENS = 150

/** The most that asking again takes, with every answer invalid every time: each question holds those before it. */
function reaskTokens({ expectedOutputTokens, mostOutputTokens, requests, tokens }: Size, turns: number) {
  const answers = mostOutputTokens ?? expectedOutputTokens
  const grown = answers + requests * CORRECTION_TOKENS
  return { input: turns * tokens + ((turns * (turns + 1)) / 2) * grown, output: turns * answers }
}

/** `part` of the requests goes into batches; the others are asked directly, for the full price. */
function estimateCost(
  price: Price | null,
  size: Size,
  { part, reasks }: { readonly part: number; readonly reasks: { readonly input: number; readonly output: number } },
): CostEstimate | null {
  const synchronous = (promptTokens: number, completionTokens: number): number | null =>
    costOf({ promptTokens, completionTokens, cachedTokens: null, reasoningTokens: null }, price, 'direct')
  const synchronousUsd = synchronous(size.tokens, size.expectedOutputTokens)
  const synchronousReasksUsd = synchronous(reasks.input, reasks.output)
  if (price === null || synchronousUsd === null || synchronousReasksUsd === null) return null
  const onceUsd = size.mostOutputTokens === null ? null : synchronous(size.tokens, size.mostOutputTokens)
  const discount = part * price.batchFactor + (1 - part)
  // Whatever was asked directly is asked again in a batch.
  const reasksUsd = synchronousReasksUsd * price.batchFactor
  return {
    expectedUsd: roundUsd(synchronousUsd * discount),
    mostUsd: onceUsd === null ? null : roundUsd(onceUsd * discount + reasksUsd),
    reasksUsd: roundUsd(reasksUsd),
    synchronousUsd,
    synchronousMostUsd: sumUsd([onceUsd, synchronousReasksUsd]),
  }
}

function addReasks(targets: readonly TargetSummary[], turns: number): ReaskEstimate {
  return {
    turns,
    mostUsd: sumUsd(targets.map(({ cost }) => cost && cost.reasksUsd)),
    isExpectedLength: targets.some(({ mostOutputTokens }) => mostOutputTokens === null),
  }
}

function addCosts(costs: readonly (CostEstimate | null)[]): CostEstimate | null {
  const expectedUsd = sumUsd(costs.map((cost) => cost && cost.expectedUsd))
  const synchronousUsd = sumUsd(costs.map((cost) => cost && cost.synchronousUsd))
  if (expectedUsd === null || synchronousUsd === null) return null
  return {
    expectedUsd,
    mostUsd: sumUsd(costs.map((cost) => cost && cost.mostUsd)),
    reasksUsd: sumUsd(costs.map((cost) => cost && cost.reasksUsd)) ?? 0,
    synchronousUsd,
    synchronousMostUsd: sumUsd(costs.map((cost) => cost && cost.synchronousMostUsd)),
  }
}

function sum<Field extends string>(parts: readonly Readonly<Record<Field, number>>[], field: Field): number {
  return parts.reduce((total, part) => total + part[field], 0)
}
