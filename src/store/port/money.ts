import type { BatchKind } from '../../model/batch.ts'
import type { BudgetReason } from '../../model/reason.ts'
import type { Target } from '../../model/target.ts'

/** Money that a run has spent and set aside. */
export interface MoneyCatalog {
  /** What is spent and set aside by this run, and by all runs of the home since an instant. */
  spending(since: number): Promise<SpendingStanding>
  /** What the answers of a target were like so far in this run. */
  shownAnswers(target: Target): Promise<ShownAnswers>
  /**
   * Sets aside what a call outside of batches may cost, before it is made; where the terms refuse, nothing is changed
   * and their answer is returned.
   */
  reserve(terms: SpendingTerms): Promise<BudgetReason | null>
  /** Replaces what was set aside by the bill; null for a call that was certainly not made. */
  settleReservation(id: string, bill: Bill | null): Promise<void>
}

/** Amount that is set aside before a paid call. Amounts are whole micro-dollars, so that adding up is exact. */
export interface Reservation {
  /** The nonce of the attempt, or of the call. */
  readonly id: string
  readonly kind: BatchKind
  readonly target: Target
  readonly requests: number
  readonly at: number
  /** Null where the price is unknown. */
  readonly micros: number | null
}

/** Conditions of a paid call, checked in the transaction that sets its cost aside. */
export interface SpendingTerms {
  readonly reservation: Reservation
  /** From when on the spending of all runs is added up. */
  readonly since: number
  /** Why the call must not be made now; null where it may. Pure: it runs inside the transaction. */
  readonly refuse: (standing: SpendingStanding) => BudgetReason | null
}

/** Micro-dollars of paid calls. */
export interface SpendingSum {
  /** By true usage, after collection. */
  readonly settled: number
  /** Set aside for calls that were not settled, their fate unknown or not, or whose usage was not told. */
  readonly reserved: number
  /** The part of `reserved` that this run settles by itself, because its batches are being watched. */
  readonly inFlight: number
  /** Calls of which not even an estimate is known. */
  readonly unknown: number
}

export interface SpendingStanding {
  readonly run: SpendingSum
  readonly sinceThen: SpendingSum
}

/** Tokens and cost of a paid call. */
export interface Bill extends ShownAnswers {
  /** Micro-dollars by the usage that was told; null where the price is unknown. */
  readonly micros: number | null
  readonly cachedTokens: number
  readonly reasoningTokens: number
  /** Results that were or may have been billed without a usage: each costs its share of what was set aside. */
  readonly withoutUsage: number
}

/** Tokens of answers whose usage was told. */
export interface ShownAnswers {
  readonly answers: number
  readonly promptTokens: number
  readonly completionTokens: number
}

/** Tokens and cost of the calls of one month (UTC, by their create) at one model. */
export interface MonthlySpending extends SpendingSum, ShownAnswers {
  /** Such as `2026-11`. */
  readonly month: string
  readonly provider: string
  readonly model: string
  readonly cachedTokens: number
  readonly reasoningTokens: number
}
