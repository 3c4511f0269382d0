import { seededFraction } from '../../lib/random.ts'
import { type Call, type FaultName, findFault } from './catalogue.ts'
import { checkFaultRule, type FaultRule, parseFaultRule } from './rule.ts'

/** A fault that applies to the call at hand. */
export interface ActiveFault {
  readonly name: FaultName
  readonly argument: string
}

/** All faults that apply to one call. */
export class ActiveFaults {
  readonly list: readonly ActiveFault[]

  constructor(list: readonly ActiveFault[]) {
    this.list = list
  }

  has(name: FaultName): boolean {
    return this.list.some((fault) => fault.name === name)
  }

  /** The argument of a fault, or undefined where it does not apply. */
  argument(name: FaultName): string | undefined {
    return this.list.find((fault) => fault.name === name)?.argument
  }

  /** The argument of a fault as milliseconds; 0 where it does not apply. */
  milliseconds(name: FaultName): number {
    return Number(this.argument(name) ?? 0)
  }
}

/** A fault that struck, for tests that want to see that it did. */
export interface FiredFault extends ActiveFault {
  readonly call: Call
  /** Which call of its kind it was, from 1. */
  readonly number: number
}

/** Remembered at most; a server under a permanent fault must not grow. */
const MOST_FIRED = 10_000

/** Decides which faults strike a call; the same calls in the same order meet the same faults for the same seed. */
export class FaultInjector {
  readonly #seed: number
  #rules: readonly FaultRule[] = []
  #fraction: () => number
  #counts = new Map<Call | 'any', number>()
  #fired: FiredFault[] = []

  constructor(seed: number, rules: readonly (FaultRule | string)[]) {
    this.#seed = seed
    this.#fraction = seededFraction(seed)
    this.set(rules)
  }

  /** Replaces the rules; counting and chance start anew. Throws a usage error for a rule that cannot be used. */
  set(rules: readonly (FaultRule | string)[]): void {
    this.#rules = rules.map((rule) => (typeof rule === 'string' ? parseFaultRule(rule) : checkFaultRule(rule)))
    this.#counts = new Map()
    this.#fired = []
    this.#fraction = seededFraction(this.#seed)
  }

  get rules(): readonly FaultRule[] {
    return this.#rules
  }

  /** What struck since the rules were set, in order. */
  get fired(): readonly FiredFault[] {
    return this.#fired
  }

  /** Counts one call and tells what goes wrong with it. */
  take(call: Call): ActiveFaults {
    if (this.#rules.length === 0) return NO_FAULTS
    const number = this.#count(call)
    const anyNumber = call === 'run' ? 0 : this.#count('any')
    const struck = this.#rules.filter((rule) => this.#strikes(rule, call, rule.call === 'any' ? anyNumber : number))
    const list = struck.map(({ fault, argument }) => ({
      name: fault,
      argument: argument ?? findFault(fault)?.argument ?? '',
    }))
    if (this.#fired.length < MOST_FIRED) this.#fired.push(...list.map((fault) => ({ ...fault, call, number })))
    return new ActiveFaults(list)
  }

  #count(call: Call | 'any'): number {
    const number = (this.#counts.get(call) ?? 0) + 1
    this.#counts.set(call, number)
    return number
  }

  #strikes(rule: FaultRule, call: Call, number: number): boolean {
    if (rule.call !== call && (rule.call !== 'any' || call === 'run')) return false
    if (number < (rule.from ?? 1) || number > (rule.to ?? Number.POSITIVE_INFINITY)) return false
    // Drawn only for calls that it could strike, so that one rule's chance does not depend on another's calls.
    return rule.probability === undefined || this.#fraction() < rule.probability
  }
}

const NO_FAULTS = new ActiveFaults([])
