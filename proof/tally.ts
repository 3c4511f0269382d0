import { faultNames } from './random-faults.ts'
import { METRICS, type Metric, type Violation } from './violation.ts'
import { NETWORK_FAULTS } from './world/simulated-network.ts'

/** A worker's report on one case. */
export interface CaseReport {
  readonly name: string
  readonly violations: readonly Violation[]
  readonly reached: readonly string[]
  readonly steps: number
  readonly crashes: number
  /** A digest of everything that happened, in order. */
  readonly digest: string
}

/** How rows may come to their answers, where not by a request of their own in a batch like any other. */
const WAYS = ['carried over', 'shared', 'asked again', 'retried', 'appended', 'asked at a deadline', 'primed'] as const

/** A tally as it is kept. */
export interface TallyRecord {
  readonly cases: number
  readonly steps: number
  readonly crashes: number
  readonly violations: readonly (readonly [Metric, number])[]
  readonly reached: readonly (readonly [string, number])[]
  readonly failures: readonly CaseReport[]
}

/** Adds up what many cases came to. */
export class Tally {
  cases = 0
  steps = 0
  crashes = 0
  readonly violations = new Map<Metric, number>(METRICS.map((metric) => [metric, 0]))
  readonly reached = new Map<string, number>()
  readonly failures: CaseReport[] = []

  add(report: CaseReport): void {
    this.cases += 1
    this.steps += report.steps
    this.crashes += report.crashes
    for (const metric of new Set(report.violations.map((violation) => violation.metric))) {
      this.violations.set(metric, (this.violations.get(metric) ?? 0) + 1)
    }
    for (const fault of report.reached) this.reached.set(fault, (this.reached.get(fault) ?? 0) + 1)
    if (report.violations.length > 0) this.failures.push(report)
  }

  /** Adds what other cases came to. */
  addAll({ cases, crashes, failures, reached, steps, violations }: TallyRecord): void {
    this.cases += cases
    this.steps += steps
    this.crashes += crashes
    for (const [metric, count] of violations) this.violations.set(metric, (this.violations.get(metric) ?? 0) + count)
    for (const [fault, count] of reached) this.reached.set(fault, (this.reached.get(fault) ?? 0) + count)
    this.failures.push(...failures)
  }

  record(): TallyRecord {
    const { cases, crashes, failures, reached, steps, violations } = this
    return { cases, steps, crashes, violations: [...violations], reached: [...reached], failures }
  }

  /** Faults that the storms can draw and that struck in no case: a proof that never reached them proves nothing of them. */
  unreached(): readonly string[] {
    return [
      ...faultNames().map((name) => `provider: ${name}`),
      ...NETWORK_FAULTS.map((name) => `network: ${name}`),
      ...WAYS.map((how) => `rows: ${how}`),
    ].filter((wanted) => ![...this.reached.keys()].some((name) => name.startsWith(wanted)))
  }
}
