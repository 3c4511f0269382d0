import { DAY_MS, HOUR_MS } from '../lib/duration.ts'
import type { Limits, Recovery } from '../providers/provider.ts'
import { describeProvider } from '../providers/registry.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunRecord } from '../store/port/run.ts'

/** When a batch runs out at the provider, and when its results vanish there. Instants are epoch milliseconds. */
export interface Lifetime {
  /** Null before it was sent. */
  readonly expiresAt: number | null
  /** Until when its results are kept, at the earliest; null while it has not ended, or nothing is left to fetch. */
  readonly resultsUntil: number | null
  readonly retentionDays: number
}

/** Stages in which results may still lie at the provider that are not here. */
const UNCOLLECTED = ['ended', 'held'] as const

/**
 * How long a batch lives. Where the provider tells no expiry it is counted from the hours asked for. Results are kept
 * from the end of the batch, which may have been long before we saw it: never later than its expiry.
 */
export function lifetimeOf(
  attempt: AttemptRecord,
  { retentionDays, windowHours }: Pick<Limits, 'retentionDays' | 'windowHours'>,
  timeoutHours: number | null,
): Lifetime {
  const { endedAt, remoteCreatedAt, stage, submittedAt } = attempt
  const startedAt = remoteCreatedAt ?? submittedAt
  const windowMs = (timeoutHours ?? windowHours.default) * HOUR_MS
  const expiresAt = attempt.expiresAt ?? (startedAt === null ? null : startedAt + windowMs)
  const isUncollected = UNCOLLECTED.some((uncollected) => uncollected === stage)
  const end = endedAt === null || expiresAt === null ? endedAt : Math.min(endedAt, expiresAt)
  const resultsUntil = isUncollected && end !== null ? end + retentionDays * DAY_MS : null
  return { expiresAt, resultsUntil, retentionDays }
}

/** The same for all batches of a run, by the provider's documented limits. */
export async function lifetimesOf({ definition }: RunRecord): Promise<(attempt: AttemptRecord) => Lifetime> {
  const provider = await describeProvider(definition.provider)
  return (attempt) => lifetimeOf(attempt, provider.limits(attempt.target), definition.timeoutHours)
}

/** How a batch of a run is found again whose create was not answered. */
export async function recoveryOf({ definition }: RunRecord): Promise<Recovery> {
  return (await describeProvider(definition.provider)).abilities.recovery
}
