import { isCreatedBatch } from '../../../model/batch.ts'
import { dollars, sumUsd } from '../../../prices/dollars.ts'
import type { AttemptCost, RunCost } from '../../../workspace/run-cost.ts'
import type { Fact } from '../terminal/facts.ts'
import { counted } from '../terminal/quantity.ts'
import { describePrices } from './estimate-words.ts'

/** What a run cost: the sum and what it saved, then its parts where there are several. */
export function describeRunCost(cost: RunCost): string {
  const saved =
    cost.savedUsd === null || cost.savedUsd <= 0 ? '' : `, ${dollars(cost.savedUsd)} less than synchronous calls`
  const models = cost.models.length < 2 ? [] : cost.models.map(modelText)
  const lines = [...attemptLines(cost.attempts), ...tailLines(cost)]
  return [`${dollars(cost.totalUsd)}${saved}`, ...models, ...lines].join('\n')
}

function modelText({ target, totalUsd }: RunCost['models'][number]): string {
  return `${dollars(totalUsd)} at ${target.provider}/${target.model}`
}

/** The first attempts beside all later ones, and direct calls, where there were any of these. */
function attemptLines(attempts: readonly AttemptCost[]): readonly string[] {
  const direct = attempts.filter(({ kind }) => kind === 'direct')
  const first = attempts.filter(({ attempt, kind }) => isCreatedBatch(kind) && attempt === 1)
  const later = attempts.filter(({ attempt, kind }) => isCreatedBatch(kind) && attempt > 1)
  const hasTail = attempts.some(({ kind }) => kind === 'tail')
  if (direct.length === 0 && later.length === 0 && !hasTail) return []
  return [
    ...(direct.length > 0 ? [`${dollars(sumOf(direct))} in direct calls before the batches`] : []),
    ...(first.length > 0 ? [`${dollars(sumOf(first))} in batches that were sent first`] : []),
    ...(later.length > 0 ? [`${dollars(sumOf(later))} in batches that sent rows again`] : []),
  ]
}

/** What was bought at the deadline, and what it would have cost otherwise. */
function tailLines({ tail }: RunCost): readonly string[] {
  if (tail === null) return []
  const { answers, batchUsd, totalUsd } = tail
  const asked = `${dollars(totalUsd)} for ${counted(answers, 'answer')} asked directly at the deadline`
  return [`${asked}; the price in batches would have been ${dollars(batchUsd)}`]
}

function sumOf(attempts: readonly AttemptCost[]): number | null {
  return sumUsd(attempts.map(({ totalUsd }) => totalUsd))
}

/** What the run may cost, and what is set aside for batches whose bill is not known yet, each where there is any. */
export function costLimits({ maxUsd, reservedUsd }: RunCost): readonly Fact[] {
  return [
    ['Cost cap', maxUsd === null ? null : dollars(maxUsd)],
    ['Set aside', reservedUsd === 0 ? null : `${dollars(reservedUsd)} for batches that are not finished`],
  ]
}

/** Of which day the prices are; null where nothing was priced. */
export function describeUsedPrices({ models }: RunCost): string | null {
  return describePrices(
    models.map(({ pricedAsOf, priceSource }) =>
      priceSource === null ? null : { asOf: pricedAsOf, source: priceSource },
    ),
  )
}
