import { DAY_MS, HOUR_MS } from '../lib/duration.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Target } from '../model/target.ts'
import type { ModelNote } from '../providers/provider.ts'

/** A model that ends within so many days is warned of. */
const WARNED_DAYS = 30

/**
 * Word for whether batches of a model can be answered.
 *
 * - `fit`: nothing is known against it.
 * - `ends_soon`: it ends within thirty days, and not before a batch that is sent now runs out.
 * - `ends_too_soon`: it has ended, or does before a batch that is sent now runs out.
 * - `not_batched`: batches do not take it; some providers let such a batch wait for ever.
 */
export type Fitness = 'fit' | 'ends_soon' | 'ends_too_soon' | 'not_batched'

/** Judgement of a model that requests are for. */
export interface JudgedModel {
  readonly provider: string
  readonly model: string
  readonly fitness: Fitness
  /** When it answers no more, as an ISO date and time; null where that is not known. */
  readonly endsAt: string | null
  /** Hours that a batch may take. */
  readonly windowHours: number
}

/** Judges a model by what is told of it; `now` is in epoch milliseconds. */
export function judgeModel(
  { model, provider }: Target,
  { canBatch, endsAt }: ModelNote,
  { now, windowHours }: { readonly now: number; readonly windowHours: number },
): JudgedModel {
  const leftMs = endsAt === null ? Number.POSITIVE_INFINITY : endsAt.getTime() - now
  return {
    provider,
    model,
    fitness: fitnessOf(canBatch, leftMs, windowHours),
    endsAt: endsAt?.toISOString() ?? null,
    windowHours,
  }
}

function fitnessOf(canBatch: boolean | null, leftMs: number, windowHours: number): Fitness {
  if (canBatch === false) return 'not_batched'
  if (leftMs <= windowHours * HOUR_MS) return 'ends_too_soon'
  return leftMs <= WARNED_DAYS * DAY_MS ? 'ends_soon' : 'fit'
}

/** True where its requests are not sent unless the user insists. */
export function isUnfit({ fitness }: JudgedModel): boolean {
  return fitness === 'ends_too_soon' || fitness === 'not_batched'
}

/** What is wrong with a model, in words without a full stop; null where nothing is. `now` is in epoch milliseconds. */
export function describeFitness(
  { endsAt, fitness, model, provider, windowHours }: JudgedModel,
  now: number,
): string | null {
  const name = `${provider}/${model}`
  const day = endsAt?.slice(0, 10) ?? ''
  const leftMs = Date.parse(endsAt ?? '') - now
  switch (fitness) {
    case 'fit':
      return null
    case 'not_batched':
      return `${provider} does not take ${name} in batches`
    case 'ends_soon':
      return `${name} ends on ${day}, in ${Math.floor(leftMs / DAY_MS)} days; then ${provider} answers no request for it`
    case 'ends_too_soon':
      if (leftMs <= 0) return `${name} has ended on ${day}`
      return `${name} ends on ${day}, and a batch that is sent now may take ${windowHours} hours`
    default:
      return fitness satisfies never
  }
}

/** Throws `unfit_model` for the first model that is not fit, unless the user insists. */
export function assertFit(judged: readonly JudgedModel[], isForced: boolean, now: number): void {
  const unfit = judged.find(isUnfit)
  if (unfit === undefined || isForced) return
  throw new LlmBatchError('unfit_model', `${describeFitness(unfit, now)}; nothing was sent`, {
    next: `Choose another model. To send the requests still, add ${mention('forceModel')}.`,
  })
}
