/** What is counted, and must be zero (crash-safety, section 4). */
export const METRICS = [
  'billed twice',
  'over the cap',
  'sent when cancelled',
  'double create',
  'double call',
  'silent provider duplicate',
  'orphan spend',
  'others touched',
  'primed in vain',
  'lost',
  'wrong join',
  'altered',
  'written when fenced',
  'lock taken from a living process',
  'dishonest exit',
  'stuck',
  'leak',
] as const

export type Metric = (typeof METRICS)[number]

export interface Violation {
  readonly metric: Metric
  readonly detail: string
}

/** A violation with its detail. */
export function violation(metric: Metric, detail: string): Violation {
  return { metric, detail }
}

/** One violation for all that is found of a kind, which is named by the first; none where nothing is found. */
export function violationOf(
  metric: Metric,
  what: string,
  found: readonly (string | undefined)[],
): readonly Violation[] {
  return found.length === 0 ? [] : [violation(metric, `${found.length} ${what}, such as ${found[0]}`)]
}
