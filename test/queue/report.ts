import { type Case, simulateByHand, simulateIdeal, simulateOurs } from './simulation.ts'

/** A case over several seeds; times in parts of the lower bound. */
export interface CaseReport {
  readonly name: string
  readonly boundHours: number
  readonly mean: number
  readonly worst: number
  /** One batch after another, on average. */
  readonly byHand: number
  readonly batches: number
  readonly refusals: number
  /** The most tokens that were ever queued, as a part of the limit. */
  readonly peak: number
}

export function runCase(one: Case, seeds: readonly number[]): CaseReport {
  const results = seeds.map((seed) => {
    const bound = simulateIdeal(one, seed)
    const ours = simulateOurs(one, seed)
    return { ...ours, bound, ours: ours.finishedAt / bound, byHand: simulateByHand(one, seed).finishedAt / bound }
  })
  const mean = (of: (result: (typeof results)[number]) => number): number =>
    results.reduce((sum, result) => sum + of(result), 0) / results.length
  return {
    name: one.name,
    boundHours: mean(({ bound }) => bound) / 3_600_000,
    mean: mean(({ ours }) => ours),
    worst: Math.max(...results.map(({ ours }) => ours)),
    byHand: mean(({ byHand }) => byHand),
    batches: Math.round(mean(({ batches }) => batches)),
    refusals: mean(({ refusals }) => refusals),
    peak: Math.max(...results.map(({ peakTokens }) => peakTokens)) / one.provider.limitTokens,
  }
}

/** The table of the document. */
export function renderCases(reports: readonly CaseReport[]): string {
  const head = ['case', 'lower bound', 'llm-batch', 'worst seed', 'one after another', 'batches', 'refused', 'peak']
  const rows = reports.map((report) => [
    report.name,
    `${report.boundHours.toFixed(1)} h`,
    report.mean.toFixed(2),
    report.worst.toFixed(2),
    report.byHand.toFixed(2),
    String(report.batches),
    report.refusals.toFixed(1),
    `${Math.round(report.peak * 100)} %`,
  ])
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
