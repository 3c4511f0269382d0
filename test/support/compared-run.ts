import * as fc from 'fast-check'
import { expect } from 'vitest'
import { type PresentRequest, RunLog } from '../../src/log/run-log.ts'
import { groupOf } from '../../src/log/tally-of.ts'
import type { RequestResult } from '../../src/model/request-result.ts'
import { Tally, type TallyGroup } from '../../src/model/tally.ts'
import type { Store } from '../../src/store/store.ts'
import { NaiveRun } from './naive-run.ts'
import {
  AGAIN,
  addNew,
  all,
  answer,
  askAnew,
  batchOf,
  createRun,
  end,
  INVALID,
  LONG_TOKENS,
  type NewRow,
  range,
  rowsOf,
  type StoredRun,
  seal,
  sendAgain,
  settleEnded,
} from './stored-run.ts'
import { swiftDisk } from './swift-disk.ts'

/** Random histories of small runs, carried out with real files and a real store, and written down by hand beside that. */

const NOTHING = { file: null, promptTokens: null, completionTokens: null } as const

/** What may become of a request in a batch. */
const RESULTS: readonly Partial<RequestResult>[] = [
  {},
  INVALID,
  INVALID,
  INVALID,
  { ...AGAIN, status: 'expired', code: 'batch_expired' },
  { ...AGAIN, countsAsTry: false },
  { status: 'failed', code: 'bad_request', billed: 'no', ...NOTHING },
  { status: 'failed', code: 'server_error', ...NOTHING },
  { status: 'missing', code: 'missing', billed: 'unknown', ...NOTHING },
  { status: 'truncated', code: 'length', reasoningTokens: 3 },
  { status: 'cancelled', billed: 'no', countsAsTry: false, ...NOTHING },
  { code: 'code_fence', promptTokens: LONG_TOKENS + 1, cachedTokens: 7, cacheWriteTokens: 5, hourWriteTokens: 2 },
]

const WISHES = [
  { statuses: ['failed', 'expired', 'cancelled'], billed: ['no'], maxTokens: null },
  { statuses: ['failed', 'missing', 'truncated'], billed: ['yes', 'no', 'unknown'], maxTokens: 90 },
  { statuses: ['invalid'], billed: ['yes', 'no', 'unknown'], maxTokens: null },
  { statuses: ['succeeded', 'truncated'], billed: ['yes'], maxTokens: 50 },
] as const

const PROBLEM = { code: 'missing_column', line: 1, detail: '' } as const

const anySeeds = fc.array(fc.nat(99), { minLength: 1, maxLength: 6 })

/** Rows, of which some share the request of an earlier one or have a problem, in batches that may overlap. */
export const anyStart = fc.record({
  rows: fc.array(fc.constantFrom('own', 'own', 'own', 'shared', 'skipped'), { minLength: 1, maxLength: 9 }),
  cuts: fc.array(fc.nat(2), { minLength: 9, maxLength: 9 }),
  isCarried: fc.boolean(),
  maxReasks: fc.constantFrom(0, 1, 2, 3),
})

export const anyStep = fc.record({
  what: fc.constantFrom(
    ...Array<'settle'>(6).fill('settle'),
    ...Array<'reask'>(3).fill('reask'),
    'replan',
    'replan',
    'reopen',
    'reopen',
    'hold',
    'collect held',
    'release',
    'replace',
    'cancel',
    'plan part',
    'ask part',
    'steal',
  ),
  pick: fc.nat(99),
  seeds: anySeeds,
})

export type Start = typeof anyStart extends fc.Arbitrary<infer One> ? One : never
type Step = typeof anyStep extends fc.Arbitrary<infer One> ? One : never

/** A run as it is and as it is written down. */
export class ComparedRun {
  readonly real: StoredRun
  readonly naive: NaiveRun
  readonly rows: readonly NewRow[]
  /** One reader for the whole history: what it has kept must not be told for what has changed since. */
  readonly log: RunLog

  private constructor(real: StoredRun, naive: NaiveRun, rows: readonly NewRow[]) {
    this.real = real
    this.naive = naive
    this.rows = rows
    this.log = new RunLog(real)
  }

  static async begin(
    store: Store,
    home: string,
    { cuts, isCarried, maxReasks, rows: kinds }: Start,
  ): Promise<ComparedRun> {
    const weights: number[] = []
    const rows = kinds.map((kind, at): NewRow => {
      if (kind === 'skipped') return { problem: PROBLEM }
      if (kind === 'own' || weights.length === 0) {
        weights.push(1)
        return kind === 'own' ? {} : { id: `row ${at}` }
      }
      const shares = at % weights.length
      weights[shares] = (weights[shares] ?? 0) + 1
      return { shares }
    })
    const both = new ComparedRun(
      await createRun(store, home, { maxReasks }, swiftDisk),
      new NaiveRun(weights, maxReasks),
      rows,
    )
    for (const cut of [0, 1, 2]) {
      const ordinals = range(weights.length).filter((ordinal) => cuts[ordinal] === cut)
      if (ordinals.length === 0) continue
      const isOfOther = isCarried && cut === 0
      const key = await addNew(both.real, ordinals, isOfOther ? 'carried' : 'batch')
      both.naive.plan(ordinals, key)
      if (isOfOther) await both.settle({ pick: both.naive.batches.length - 1, seeds: [0] }, 'carried')
    }
    await seal(both.real, rows)
    return both
  }

  /** Ends a batch that is on its way. */
  async settle({ pick, seeds }: Pick<Step, 'pick' | 'seeds'>, how: 'collected' | 'held' | 'carried'): Promise<void> {
    const batch = picked(
      this.naive.batches.filter(({ is }) => is === 'planned'),
      pick,
    )
    if (!batch) return
    const results = batch.ordinals.map((ordinal, index) => {
      const parts = RESULTS[(seeds[index % seeds.length] ?? 0) % RESULTS.length] ?? {}
      return { ordinal, countsAsTry: how !== 'carried', ...parts }
    })
    if (how !== 'carried') await end(this.real, batch.attemptKey)
    await settleEnded(this.real, batch.attemptKey, results, how === 'held' ? 'held' : 'collected')
    this.naive.settle(batch, asTold(results), how === 'held')
  }

  async carryOut({ pick, seeds, what }: Step): Promise<void> {
    const { naive, real } = this
    const held = picked(
      naive.batches.filter(({ is }) => is === 'held'),
      pick,
    )
    const planned = picked(
      naive.batches.filter(({ is }) => is === 'planned'),
      pick,
    )
    switch (what) {
      case 'settle':
        return await this.settle({ pick, seeds }, 'collected')
      case 'hold':
        return await this.settle({ pick, seeds }, 'held')
      case 'collect held':
        return held && (await this.#collectHeld(held, seeds))
      case 'release': {
        const batch = held ?? planned
        if (!batch) return
        await real.store.releaseAttempt(batch.attemptKey, batch.is === 'held' ? 'held' : 'planned')
        naive.release(batch)
        return
      }
      case 'replace': {
        if (!planned) return
        const { attempt: next } = batchOf([])
        const terms = { key: planned.attemptKey, from: 'planned', to: 'abandoned', next } as const
        planned.attemptKey = (await real.store.replaceAttempt(terms)).key
        return
      }
      case 'reopen': {
        const wish = { ...(picked(WISHES, pick) ?? WISHES[0]), upToBatch: naive.batches.length }
        const rows = await real.store.reopenRequests({ ...wish, canaryAbove: null })
        same(rows, naive.rowsFor(wish))
        if (rows > 0) naive.wishes.push(wish)
        return
      }
      case 'cancel':
        await real.store.cancelUnsent()
        naive.cancelUnsent()
        return
      case 'steal':
        return await this.#steal(pick)
      case 'replan':
      case 'reask':
      case 'plan part':
      case 'ask part':
        return await this.#plan(what, seeds)
    }
  }

  /** Collects a held batch after all: what was answered is answered as before. */
  async #collectHeld(batch: NaiveRun['batches'][number], seeds: readonly number[]): Promise<void> {
    await this.real.store.moveAttempt(batch.attemptKey, 'held', 'ended', { heldFrom: null })
    await this.check()
    const results = batch.ordinals.map((ordinal, index) => {
      const { result } = this.naive.turnIn(ordinal, batch)
      const parts = RESULTS[(seeds[index % seeds.length] ?? 0) % RESULTS.length]
      return { ordinal, ...(result?.verdict === 'final' ? result : parts) }
    })
    await settleEnded(this.real, batch.attemptKey, results)
    this.naive.settle(batch, asTold(results), false)
  }

  /** Plans what waits, as the program does it; in part as if it had died after the first batch. */
  async #plan(what: Step['what'], seeds: readonly number[]): Promise<void> {
    const isAnew = what === 'reask' || what === 'ask part'
    const { naive, real } = this
    const waiting = isAnew ? this.log.reaskable(naive.maxReasks) : this.log.pending()
    const found = (await all(waiting)).map(({ ordinal }) => ordinal)
    const isPart = what === 'plan part' || what === 'ask part'
    const ordinals = isPart ? found.filter((_, index) => (seeds[index % seeds.length] ?? 0) % 2 === 0) : found
    const rest = found.filter((ordinal) => !ordinals.includes(ordinal))
    for (const part of isPart ? [ordinals] : [ordinals, rest]) {
      if (part.length === 0) continue
      const key = isAnew ? await askAnew(real, part) : await sendAgain(real, part)
      naive.plan(part, key, isAnew)
    }
    if (isAnew || isPart) return
    await real.store.endReplanning()
    naive.wishes = []
  }

  /** Tries to plan a request that does not wait for it. */
  async #steal(pick: number): Promise<void> {
    const { naive, real } = this
    const before = await real.store.batches()
    const request = picked(naive.requests, pick)
    if (!request) return
    if (!naive.isWaiting(request) && !naive.mayBeAsked(request)) await refused(sendAgain(real, [request.ordinal]))
    if (!naive.isWaiting(request) && !naive.mayBeAsked(request)) await refused(askAnew(real, [request.ordinal]))
    same(await real.store.batches(), before)
  }

  /** Compares all that is read of the run with what is written down. */
  async check(): Promise<void> {
    const { log, naive } = this
    const requests = await all(log.all())
    same(
      requests.map(asCompared),
      naive.requests.map((request) => this.#expected(request)),
    )
    for (const { entries } of requests) {
      same(
        entries.slice(0, -1).filter(({ fate }) => fate === 'open' || fate === 'waiting'),
        [],
      )
    }
    const odd = naive.ordinals(({ ordinal }) => ordinal % 2 === 1)
    same(
      (await all(log.some(odd))).map(asCompared),
      odd.map((ordinal) => this.#expected(naive.request(ordinal))),
    )
    const waiting = naive.ordinals((request) => naive.isWaiting(request))
    const reaskable = naive.ordinals((request) => naive.isReaskable(request))
    same(
      (await all(log.pending())).map(({ ordinal }) => ordinal),
      waiting,
    )
    same(
      (await all(log.reaskable(naive.maxReasks))).map(({ ordinal }) => ordinal),
      reaskable,
    )
    await this.#checkCatalog(requests, waiting, reaskable)
    await this.#checkRows()
  }

  #expected(request: NaiveRun['requests'][number]) {
    const { naive } = this
    const last = naive.lastOf(request)
    return {
      ordinal: request.ordinal,
      state: naive.stateOf(request),
      maxTokens: naive.wishOf(request) ? (naive.wishOf(request)?.maxTokens ?? 'as it was') : 'no wish',
      batches: request.turns.map(({ batch }) => batch.number),
      turn: last.turn,
      tries: naive.triesOf(last),
      result: naive.finalOf(last),
    }
  }

  /** The catalog's counts are those of the merge, and those that are written down. */
  async #checkCatalog(
    requests: readonly PresentRequest[],
    waiting: readonly number[],
    reaskable: readonly number[],
  ): Promise<void> {
    const { naive, real } = this
    const skipped = this.rows.filter(({ problem }) => problem).length
    same(await real.store.counts(), naive.counts(skipped))
    const merged = new Map<number, Tally>()
    for (const { newest, ordinal } of requests) {
      const { number } = newest.batch.record
      const tally = merged.get(number) ?? new Tally()
      tally.add(groupOf(newest, naive.request(ordinal).rows, LONG_TOKENS))
      merged.set(number, tally)
    }
    for (const { number, tally } of await real.store.batches()) {
      same({ number, tally: sorted(tally) }, { number, tally: sorted(merged.get(number)?.groups() ?? []) })
    }
    if (naive.wishes.length > 0) return
    same(await real.store.hasPending(), waiting.length > 0)
    same(await real.store.hasReaskable(), reaskable.length > 0)
  }

  async #checkRows(): Promise<void> {
    const { naive, rows } = this
    let own = 0
    const expected = rows.map(({ id = null, problem = null, shares = null }, row) => {
      const request = problem ? undefined : naive.request(shares ?? own)
      if (!problem && shares === null) own += 1
      const shown = request && naive.shownOf(request)
      const questions = (request && naive.questionsOf(request)) ?? null
      return {
        row,
        line: row + 1,
        id,
        problem,
        isShared: shares !== null,
        request: request?.ordinal ?? null,
        state: shown?.state ?? null,
        tries: shown && !naive.wishOf(request) ? naive.triesOf(shown.turn) : 0,
        result: shown?.result ?? null,
        attemptKey: shown?.result ? shown.turn.batch.attemptKey : null,
        questions:
          questions?.map((turn) => ({
            state: naive.stateIn(turn),
            tries: naive.triesOf(turn),
            result: naive.finalOf(turn),
            attemptKey: naive.finalOf(turn) ? turn.batch.attemptKey : null,
          })) ?? null,
      }
    })
    const records = await rowsOf(this.real)
    const read = records.map(({ id, isShared, line, problem, questions, request, row, state, ...rest }) => ({
      row,
      line,
      id,
      problem,
      isShared,
      request,
      state,
      ...asAnswered(rest),
      questions: questions?.map((question) => ({ state: question.state, ...asAnswered(question) })) ?? null,
    }))
    same(read, expected)
  }
}

function asCompared({ entries, newest, ordinal, reopening, state }: PresentRequest) {
  return {
    ordinal,
    state,
    maxTokens: reopening ? (reopening.maxTokens ?? 'as it was') : 'no wish',
    batches: entries.map(({ batch }) => batch.record.number),
    turn: newest.turn,
    tries: newest.tries,
    result: newest.result,
  }
}

function asAnswered({
  result,
  tries,
}: {
  readonly tries: number
  readonly result:
    | (RequestResult & { readonly attemptKey: number; readonly nonce: string; readonly stem: string })
    | null
}) {
  if (result === null) return { tries, result, attemptKey: null }
  const { attemptKey, nonce: _nonce, stem: _stem, ...answered } = result
  return { tries, result: answered, attemptKey }
}

/** Results as they are read back. */
function asTold(results: readonly (Partial<RequestResult> & { readonly ordinal: number })[]) {
  return new Map(
    results.map(({ ordinal, ...parts }) => {
      const told = answer({ offset: ordinal * 10, ...parts })
      return [ordinal, told.file === null ? { ...told, offset: null, length: null, crc32: null } : told] as const
    }),
  )
}

/** Groups in one order; the reason is that of any of its requests. */
function sorted(groups: readonly TallyGroup[]) {
  const texts = groups.map(({ reason: _reason, ...group }) =>
    JSON.stringify(
      group,
      Object.keys(group).sort((one, other) => (one < other ? -1 : 1)),
    ),
  )
  return texts.sort()
}

function picked<One>(list: readonly One[], pick: number): One | undefined {
  return list[pick % Math.max(1, list.length)]
}

function same(found: unknown, expected: unknown): void {
  expect(found).toEqual(expected)
}

async function refused(planning: Promise<unknown>): Promise<void> {
  await expect(planning).rejects.toMatchObject({ code: 'conflict' })
}
