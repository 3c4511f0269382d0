import { isWritten } from '../model/endpoint.ts'
import type { Target } from '../model/target.ts'
import { factsOf } from '../providers/known.ts'

/** Body fields that ask for several answers, each of which may be as long as the limit. */
const COUNT_FIELDS = ['n', 'best_of'] as const

/** The most tokens that the answers to a request body may have together; null where nothing limits them. */
export function mostOutputTokens(
  body: Readonly<Record<string, unknown>>,
  { endpoint, model, provider }: Target,
): number | null {
  if (!isWritten(endpoint)) return 0
  const facts = factsOf(provider)
  const most = greatest(facts.limitFields.map((field) => body[field])) ?? facts.defaultMaxTokens(model)
  if (most === null) return null
  return most * Math.max(1, greatest(COUNT_FIELDS.map((field) => body[field])) ?? 1)
}

function greatest(values: readonly unknown[]): number | null {
  const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
  return numbers.length === 0 ? null : Math.max(...numbers)
}
