import { type Target, targetKey } from '../model/target.ts'
import { costOf } from '../prices/cost.ts'
import type { Price } from '../prices/table.ts'
import { estimateDiskBytes } from './disk-space.ts'
import type { BatchCut } from './splitter.ts'

/** What a run would send: shown by `plan`, and before money is spent. */
export interface PlanSummary {
  readonly rows: number
  readonly requests: number
  /** Rows that cannot be sent. */
  readonly problems: number
  /** Requests whose placeholders are all empty. */
  readonly emptyPlaceholders: number
  /** In the order of their first batch. */
  readonly targets: readonly TargetSummary[]
  readonly batches: number
  readonly bytes: number
  readonly tokens: number
  /** Null where a price, or the length of the answers, is unknown. */
  readonly cost: CostEstimate | null
  /** Bytes the run will take in its home until it is removed, roughly. */
  readonly diskBytes: number
}

/** The part of a plan that goes to one target. */
export interface TargetSummary {
  readonly target: Target
  readonly requests: number
  readonly batches: number
  /** Bytes of the input files. */
  readonly bytes: number
  /** Estimated input tokens. */
  readonly tokens: number
  readonly price: Price | null
  readonly cost: CostEstimate | null
}

/** US dollars at the batch price, from estimated tokens. */
export interface CostEstimate {
  readonly inputUsd: number
  /** If every answer is as long as it may be; null where no such limit is set. */
  readonly mostOutputUsd: number | null
}

/** What is counted while rows become requests. */
export interface PlanCounts {
  readonly rows: number
  readonly problems: number
  readonly emptyPlaceholders: number
  /** Bytes of the frozen rows. */
  readonly rowBytes: number
  /** Most tokens per answer, where set for all requests. */
  readonly maxTokens: number | null
}

/** Adds up a plan. */
export function summarisePlan(
  counts: PlanCounts,
  cuts: readonly BatchCut[],
  priceOf: (target: Target) => Price | null,
): PlanSummary {
  const groups = new Map<string, BatchCut[]>()
  for (const cut of cuts) {
    const key = targetKey(cut.target)
    const group = groups.get(key)
    if (group) group.push(cut)
    else groups.set(key, [cut])
  }
  const targets = [...groups.values()].map((group) => summariseTarget(group, counts.maxTokens, priceOf))
  const requests = sum(cuts, 'requests')
  const bytes = sum(cuts, 'bytes')
  return {
    rows: counts.rows,
    requests,
    problems: counts.problems,
    emptyPlaceholders: counts.emptyPlaceholders,
    targets,
    batches: cuts.length,
    bytes,
    tokens: sum(cuts, 'tokens'),
    cost: addCosts(targets.map(({ cost }) => cost)),
    diskBytes: estimateDiskBytes({ ...counts, requests, inputBytes: bytes }),
  }
}

function summariseTarget(
  cuts: readonly BatchCut[],
  maxTokens: number | null,
  priceOf: (target: Target) => Price | null,
): TargetSummary {
  const [first] = cuts
  if (!first) throw new RangeError('a target of a plan has at least one batch')
  const price = priceOf(first.target)
  const requests = sum(cuts, 'requests')
  const tokens = sum(cuts, 'tokens')
  const cost = price && estimateCost(price, tokens, maxTokens === null ? null : requests * maxTokens)
  return { target: first.target, requests, batches: cuts.length, bytes: sum(cuts, 'bytes'), tokens, price, cost }
}

function estimateCost(price: Price, promptTokens: number, mostCompletionTokens: number | null): CostEstimate | null {
  const usd = (prompt: number, completion: number): number | null =>
    costOf(
      { promptTokens: prompt, completionTokens: completion, cachedTokens: null, reasoningTokens: null },
      price,
      'batch',
    )
  const inputUsd = usd(promptTokens, 0)
  if (inputUsd === null) return null
  return { inputUsd, mostOutputUsd: mostCompletionTokens === null ? null : usd(0, mostCompletionTokens) }
}

/** Unknown plus anything is unknown. */
function addCosts(costs: readonly (CostEstimate | null)[]): CostEstimate | null {
  return costs.reduce<CostEstimate | null>(
    (total, cost) =>
      total &&
      cost && {
        inputUsd: total.inputUsd + cost.inputUsd,
        mostOutputUsd:
          total.mostOutputUsd === null || cost.mostOutputUsd === null ? null : total.mostOutputUsd + cost.mostOutputUsd,
      },
    { inputUsd: 0, mostOutputUsd: 0 },
  )
}

function sum(cuts: readonly BatchCut[], field: 'requests' | 'bytes' | 'tokens'): number {
  return cuts.reduce((total, cut) => total + cut[field], 0)
}
