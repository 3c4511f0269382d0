import type { Stage } from '../model/attempt.ts'
import type { RequestResult } from '../model/request-result.ts'
import { stemOf } from '../model/result-ref.ts'
import type { BatchRecord } from '../store/port/batch.ts'
import type { BatchPlan } from './batch-plan.ts'
import type { Outcomes } from './outcomes.ts'
import type { Asked, EntryFate } from './present.ts'

/** A batch with its plan, and with its outcomes where they are known. */
export interface LogBatch {
  readonly record: BatchRecord
  readonly plan: BatchPlan
  readonly outcomes: Outcomes | null
}

/** A request in a batch that holds it. */
export class Entry implements Asked {
  readonly batch: LogBatch
  /** Its place in the plan of the batch. */
  readonly index: number
  readonly turn: number
  readonly fate: EntryFate
  /** Undefined before it is asked for. */
  #result: RequestResult | null | undefined

  constructor(batch: LogBatch, index: number) {
    this.batch = batch
    this.index = index
    this.turn = batch.plan.turnAt(index)
    this.fate = fateIn(batch, index)
  }

  get ordinal(): number {
    return this.batch.plan.ordinalAt(this.index)
  }

  /** What became of it for good; null while nothing has. */
  get result(): RequestResult | null {
    const { outcomes } = this.batch
    if (this.#result === undefined)
      this.#result = outcomes === null || outcomes.isAgain(this.index) ? null : (outcomes.at(this.index) ?? null)
    return this.#result
  }

  /** Tries that counted so far, this one among them. */
  get tries(): number {
    const before = this.batch.plan.triesAt(this.index)
    return before + (this.batch.outcomes?.countsAsTry(this.index) ? 1 : 0)
  }
}

function fateIn({ outcomes, record: { isGivenUp, stage } }: LogBatch, index: number): EntryFate {
  if (outcomes !== null && !outcomes.isAgain(index)) return outcomes.statusAt(index) ?? 'open'
  if (stage === 'cancelled' || isGivenUp) return 'given_up'
  if (DONE.includes(stage)) return 'returned'
  return outcomes === null ? 'open' : 'waiting'
}

/** Stages of a batch that brings nothing more: what it has not answered is free to go into another. */
const DONE: readonly Stage[] = ['collected', 'rejected', 'abandoned']

/** The result of a request for good, with the attempt whose files hold its raw line; null while there is none. */
export function placedResult({ batch: { record }, result }: Entry): PlacedResult | null {
  const { settled } = record
  if (result === null || settled === null) return null
  // Member by member: a spread of so many takes longer than reading the result.
  return {
    status: result.status,
    code: result.code,
    reason: result.reason,
    billed: result.billed,
    promptTokens: result.promptTokens,
    completionTokens: result.completionTokens,
    cachedTokens: result.cachedTokens,
    reasoningTokens: result.reasoningTokens,
    cacheWriteTokens: result.cacheWriteTokens ?? null,
    hourWriteTokens: result.hourWriteTokens ?? null,
    model: result.model,
    file: result.file,
    offset: result.offset,
    length: result.length,
    crc32: result.crc32,
    verdict: result.verdict,
    countsAsTry: result.countsAsTry,
    attemptKey: settled.attemptKey,
    stem: stemOf(settled.name),
    nonce: settled.nonce,
  }
}

/** A result, the attempt that brought it, and how the names of its raw files begin. */
export type PlacedResult = RequestResult & {
  readonly attemptKey: number
  readonly stem: string
  readonly nonce: string
}
