import type { PlannedRun } from '../prepare/plan-run.ts'

/** Figures that a price follows from. */
export interface Figures {
  readonly rows: number
  readonly requests: number
  readonly batches: number
  readonly models: readonly string[]
  /** Estimated, like the output. */
  readonly inputTokens: number
  readonly expectedOutputTokens: number
  /** Null where any answer is without limit. */
  readonly mostOutputTokens: number | null
  /** In batches; null where a price is unknown. */
  readonly expectedUsd: number | null
  readonly mostUsd: number | null
  /** The expected cost in synchronous calls. */
  readonly synchronousUsd: number | null
}

/** The figures of a plan. */
export function figuresOf({ summary }: Pick<PlannedRun, 'summary'>): Figures {
  const { batches, cost, expectedOutputTokens, mostOutputTokens, requests, rows, targets, tokens } = summary
  return {
    rows,
    requests,
    batches,
    models: targets.map(({ target }) => `${target.provider}/${target.model}`),
    inputTokens: tokens,
    expectedOutputTokens,
    mostOutputTokens,
    expectedUsd: cost?.expectedUsd ?? null,
    mostUsd: cost?.mostUsd ?? null,
    synchronousUsd: cost?.synchronousUsd ?? null,
  }
}
