import { seededFraction } from '../../src/lib/random.ts'
import type { Target } from '../../src/model/target.ts'
import { createSplitter } from '../../src/plan/splitter.ts'
import type { QueueBelief } from '../../src/store/port/queue.ts'
import { type AdmissionTerms, admit, batchShare, believedLimits } from '../../src/submit/admission.ts'
import { nextPollMs, shortOfRoomMs } from '../../src/watch/cadence.ts'
import { type ModelBatch, ProviderModel, type ProviderShape } from './provider-model.ts'

/** One case of the simulation. */
export interface Case {
  readonly name: string
  readonly provider: ProviderShape
  readonly rows: number
  /** True tokens of a row, from a fraction in [0, 1). */
  readonly tokensOf: (fraction: number) => number
  /** How far the estimate of a row may be off, either way, as a part of it. */
  readonly estimateError: number
  /** False where the first refusals must teach the limit. */
  readonly isLimitKnown: boolean
}

/** How a case went. */
export interface Result {
  readonly finishedAt: number
  readonly batches: number
  readonly refusals: number
  readonly peakTokens: number
}

interface Rows {
  readonly tokens: readonly number[]
  readonly estimates: readonly number[]
}

/** A planned batch: what it has, and what is believed of it. */
interface Planned {
  readonly rows: readonly number[]
  readonly tokens: number
  readonly estimate: number
}

interface Sent extends Planned {
  readonly remote: ModelBatch
  polls: number
  nextPollAt: number
}

const TARGET: Target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6-luna' }
const WAITS = { pollMs: 15_000, pollMostMs: 300_000 }
const MOST_OPEN = 20
const MOST_REQUESTS = 50_000
/** Between an upload and the create. */
const UPLOAD_MS = 5_000
/** How often a person, or the script of one, looks whether the batch is done. */
const BY_HAND_POLL_MS = 60_000

function rowsOf({ estimateError, rows, tokensOf }: Case, seed: number): Rows {
  const fraction = seededFraction(seed)
  const tokens = Array.from({ length: rows }, () => Math.max(1, Math.round(tokensOf(fraction()))))
  return { tokens, estimates: tokens.map((one) => one * (1 + estimateError * (2 * fraction() - 1))) }
}

/** The run as we drive it: the rules of the program itself, with virtual time. */
export function simulateOurs(one: Case, seed: number): Result {
  return new Ours(one, seed).toEnd()
}

class Ours {
  readonly #case: Case
  readonly #rows: Rows
  readonly #provider: ProviderModel
  readonly #fraction: () => number
  #planned: Planned[]
  #sent: Sent[] = []
  #belief: QueueBelief | null = null
  #refusedAt = 0
  #now = 0
  #batches = 0
  #refusals = 0

  constructor(one: Case, seed: number) {
    this.#case = one
    this.#rows = rowsOf(one, seed)
    this.#provider = new ProviderModel(one.provider, seed)
    this.#fraction = seededFraction(seed + 1)
    this.#planned = this.#cut(this.#rows.tokens.map((_, row) => row))
  }

  toEnd(): Result {
    this.#now = UPLOAD_MS
    while (this.#planned.length > 0 || this.#sent.length > 0) {
      this.#createWhatFits()
      const tryAt = this.#belief?.isInDoubt && this.#sent.length === 0 ? this.#belief.tryAt : Number.POSITIVE_INFINITY
      const next = Math.min(tryAt, ...this.#sent.map(({ nextPollAt }) => nextPollAt))
      if (!Number.isFinite(next)) throw new Error(`${this.#case.name}: nothing is under way and nothing is admitted`)
      this.#now = Math.max(this.#now, next)
      for (const sent of this.#sent.filter(({ nextPollAt }) => nextPollAt <= this.#now)) this.#poll(sent)
    }
    const { peakTokens } = this.#provider
    return { finishedAt: this.#now, batches: this.#batches, refusals: this.#refusals, peakTokens }
  }

  #terms(): AdmissionTerms {
    const { isLimitKnown, provider } = this.#case
    const limits = { tokens: isLimitKnown ? provider.limitTokens : null, requests: null, requestsPer: 'model' as const }
    return { limits, model: TARGET.model, now: this.#now, recheckMs: WAITS.pollMs }
  }

  #cut(rows: readonly number[]): Planned[] {
    const { limits, now } = this.#terms()
    const { tokens } = believedLimits(limits, this.#belief, now)
    const queueTokens = tokens === null ? null : batchShare(tokens)
    const splitter = createSplitter(() => ({
      maxRequests: MOST_REQUESTS,
      maxBytes: Number.MAX_SAFE_INTEGER,
      queueTokens,
      queueRequests: null,
    }))
    const groups = new Map<number, number[]>()
    for (const row of rows) {
      const { batch } = splitter.place(TARGET, 1_000, this.#rows.estimates[row] ?? 0)
      const group = groups.get(batch)
      if (group) group.push(row)
      else groups.set(batch, [row])
    }
    return [...groups.values()].map((group) => this.#plannedFrom(group))
  }

  #plannedFrom(rows: readonly number[]): Planned {
    const sum = (of: readonly number[]): number => rows.reduce((total, row) => total + (of[row] ?? 0), 0)
    return { rows, tokens: sum(this.#rows.tokens), estimate: sum(this.#rows.estimates) }
  }

  #createWhatFits(): void {
    for (;;) {
      const [batch] = this.#planned
      if (!batch || this.#sent.length >= MOST_OPEN) return
      const admission = admit(this.#queueFor(batch), this.#terms())
      if (!admission.isAdmitted) {
        if (admission.wait.code !== 'too_large') return
        this.#planned = [...this.#planned.slice(1), ...this.#cut(batch.rows)]
        continue
      }
      this.#planned.shift()
      this.#batches += 1
      const remote = this.#provider.create(batch.tokens, this.#now)
      this.#sent.push({ ...batch, remote, polls: 0, nextPollAt: this.#now + WAITS.pollMs })
    }
  }

  #queueFor(batch: Planned): Parameters<typeof admit>[0] {
    const tokens = this.#sent.reduce((sum, { estimate }) => sum + estimate, 0)
    const requests = this.#sent.reduce((sum, { rows }) => sum + rows.length, 0)
    const later = this.#sent.filter(({ remote }) => remote.createdAt > this.#refusedAt)
    const isInDoubt = this.#belief?.isInDoubt === true && !later.some(({ remote }) => this.#isAccepted(remote))
    const belief = this.#belief && { ...this.#belief, isInDoubt, hasProber: isInDoubt && later.length > 0 }
    return {
      batch: { tokens: batch.estimate, requests: batch.rows.length },
      inFlight: { tokens, requests },
      accountRequests: requests,
      unanswered: [],
      ahead: [],
      belief,
      isCalibrated: true,
    }
  }

  #isAccepted(remote: ModelBatch): boolean {
    return !remote.isRefused && remote.validatedAt <= this.#now
  }

  #poll(sent: Sent): void {
    if (sent.remote.endsAt <= this.#now) {
      this.#sent = this.#sent.filter((one) => one !== sent)
      if (sent.remote.isRefused) this.#refused(sent)
      return
    }
    const status = sent.remote.validatedAt <= this.#now ? 'in_progress' : 'queued'
    const interval = nextPollMs(WAITS, sent.polls, status, this.#fraction())
    const most = this.#planned.length > 0 ? shortOfRoomMs(WAITS, this.#now - sent.remote.createdAt) : interval
    sent.polls += 1
    sent.nextPollAt = this.#now + Math.min(interval, most)
  }

  #refused(sent: Sent): void {
    this.#refusals += 1
    this.#refusedAt = this.#now
    this.#belief = {
      tokens: this.#case.provider.limitTokens,
      learntAt: this.#now,
      learntFrom: '',
      isInDoubt: true,
      hasProber: false,
      refusals: 1,
      refusalsAlone: 0,
      tokensInFlight: this.#sent.reduce((sum, { estimate }) => sum + estimate, 0),
      tryAt: this.#now + 60_000,
    }
    this.#planned.unshift(...this.#cut(sent.rows))
  }
}

/** One batch after another, each as large as the queue allows, as people do by hand. */
export function simulateByHand(one: Case, seed: number): Result {
  const mostTokens = one.provider.limitTokens * 0.9
  const provider = new ProviderModel(one.provider, seed)
  const { estimates, tokens } = rowsOf(one, seed)
  let now = 0
  let batches = 0
  for (let row = 0; row < tokens.length; ) {
    let estimate = 0
    let size = 0
    const first = row
    while (row < tokens.length && row - first < MOST_REQUESTS) {
      if (row > first && estimate + (estimates[row] ?? 0) > mostTokens) break
      estimate += estimates[row] ?? 0
      size += tokens[row] ?? 0
      row += 1
    }
    now += UPLOAD_MS
    const { createdAt, endsAt } = provider.create(size, now)
    batches += 1
    now = createdAt + Math.ceil((endsAt - createdAt) / BY_HAND_POLL_MS) * BY_HAND_POLL_MS
  }
  return { finishedAt: now, batches, refusals: 0, peakTokens: provider.peakTokens }
}

/** Parts in which the ideal client fills the queue: the more, the nearer to a stream of rows. */
const IDEAL_PARTS = 200

/**
 * The lower bound: a client that knows every token, uploads in no time, sees every end in the moment it comes, and sends
 * the rows in tiny parts, so that the queue is full until the last row is in it.
 */
export function simulateIdeal(one: Case, seed: number): number {
  const provider = new ProviderModel(one.provider, seed)
  const { limitTokens } = one.provider
  let rest = rowsOf(one, seed).tokens.reduce((sum, tokens) => sum + tokens, 0)
  const part = Math.max(1, Math.floor(limitTokens / IDEAL_PARTS))
  const ends: { at: number; tokens: number }[] = []
  let queued = 0
  let now = 0
  let last = 0
  while (rest > 0) {
    const size = Math.min(part, rest)
    while (queued + size > limitTokens) {
      ends.sort((a, b) => a.at - b.at)
      const end = ends.shift()
      now = Math.max(now, end?.at ?? now)
      queued -= end?.tokens ?? 0
    }
    const { endsAt, isRefused } = provider.create(size, now)
    if (isRefused) throw new Error(`${one.name}: the ideal client was refused`)
    ends.push({ at: endsAt, tokens: size })
    queued += size
    rest -= size
    last = Math.max(last, endsAt)
  }
  return last
}
