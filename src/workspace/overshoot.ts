import { type Target, targetKey } from '../model/target.ts'
import { BASIS_WORDS } from '../prices/answer-length.ts'
import { dollars } from '../prices/dollars.ts'
import { usdOf } from '../prices/micros.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { OUTPUT_MARGIN } from '../submit/budget.ts'
import { allowanceFor, sizeOf } from '../submit/reserve.ts'
import { isCapped } from './budget.ts'
import type { RunContext } from './context.ts'

/**
 * Where a cap meets answers without a limit of tokens it is kept by what answers were like so far, and this tells by how
 * much it may be overshot. Said whenever the run is taken up, because what was seen meanwhile counts.
 */
export async function warnOvershoot(context: RunContext): Promise<void> {
  if (!isCapped(context.budget)) return
  const unsent = (await context.store.unfinishedAttempts()).filter(({ stage }) => UNSENT.includes(stage))
  for (const attempts of byTarget(unsent)) await tellRuleOf(context, attempts)
}

const UNSENT: readonly string[] = ['planned', 'uploaded', 'held']

function byTarget(attempts: readonly AttemptRecord[]): readonly (readonly AttemptRecord[])[] {
  const groups = new Map<string, AttemptRecord[]>()
  for (const attempt of attempts) {
    const key = targetKey(attempt.target)
    const group = groups.get(key)
    if (group) group.push(attempt)
    else groups.set(key, [attempt])
  }
  return [...groups.values()]
}

async function tellRuleOf(context: RunContext, attempts: readonly AttemptRecord[]): Promise<void> {
  const [largest] = attempts.toSorted((one, other) => other.requestCount - one.requestCount)
  if (!largest) return
  const allowance = await allowanceFor(context, largest.target, sizeOf(largest), largest.kind)
  if (allowance.basis === 'worst_case' || allowance.micros === null) return
  const each = Math.round(allowance.outputTokens / largest.requestCount / OUTPUT_MARGIN)
  context.emit({
    type: 'warning',
    code: 'cap_is_estimated',
    message:
      `without a maximum of tokens the cap counts ${each} tokens an answer of ${nameOf(largest.target)} ` +
      `(${BASIS_WORDS[allowance.basis]}) and ${percentAbove(OUTPUT_MARGIN)} more; if answers are ` +
      `longer, the run may cost more than the cap: at most ${dollars(usdOf(allowance.micros))} more for each batch at the ` +
      `provider if answers are twice as long as counted`,
    batch: null,
  })
}

function nameOf({ model, provider }: Target): string {
  return `${provider}/${model}`
}

function percentAbove(margin: number): string {
  return `${Math.round((margin - 1) * 100)}%`
}
