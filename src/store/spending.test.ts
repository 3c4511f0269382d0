import { describe, expect, it } from 'vitest'
import { ENGINES, forEachHome, type TestHome } from '../../test/support/engines.ts'
import { sampleRun } from '../../test/support/run-records.ts'
import { batchOf, range, settlement, TARGET } from '../../test/support/stored-run.ts'
import { type BudgetReason } from '../model/reason.ts'
import type { NewAttempt } from './port/attempt.ts'
import type { Bill, SpendingStanding, SpendingTerms } from './port/money.ts'
import type { IntentFacts } from './port/paid-call.ts'
import type { RunStore, Store } from './store.ts'

describe.each(ENGINES)('in $name', (engine) => {
  const DAY_MS = 86_400_000

  /** Noon of the second day since the epoch. */
  const NOON = DAY_MS * 1.5

  const BILL: Bill = {
    micros: 40,
    answers: 9,
    promptTokens: 90,
    completionTokens: 18,
    cachedTokens: 3,
    reasoningTokens: 2,
    withoutUsage: 0,
  }

  const REFUSAL: BudgetReason = { kind: 'price_unknown', what: 'batch 1', calls: null, cap: 'over_budget' }

  let home: TestHome
  let store: Store

  forEachHome(engine, (madeHome, madeStore) => {
    home = madeHome
    store = madeStore
  })

  function attempt(nonce: string): NewAttempt {
    return { nonce, inputName: `${nonce}.jsonl`, inputBytes: 100, inputSha256: 'sha', createdAt: 1 }
  }

  /** A run with one batch of ten requests, uploaded. */
  async function uploadedRun(id: string): Promise<{ run: RunStore; key: number; nonce: string }> {
    await store.createRun({ ...sampleRun(), id })
    const run = await store.write(id)
    const nonce = `nonce-of-${id}`
    await run.addBatch(batchOf(range(10), { attempt: attempt(nonce) }))
    const [found] = await run.currentAttempts()
    const key = found?.key ?? 0
    await run.moveAttempt(key, 'planned', 'uploaded', { inputFileId: 'file-1' })
    return { run, key, nonce }
  }

  function terms(
    nonce: string,
    parts: { at?: number; micros?: number | null; isRefused?: boolean } = {},
  ): SpendingTerms {
    const { at = NOON, isRefused = false, micros = 100 } = parts
    return {
      reservation: { id: nonce, kind: 'batch', target: TARGET, requests: 10, at, micros },
      since: DAY_MS,
      refuse: () => (isRefused ? REFUSAL : null),
    }
  }

  /** Opens the intent and tells its key. */
  async function create(run: RunStore, key: number, spending: SpendingTerms): Promise<number> {
    const opening = await run.openIntent(key, INTENT, () => ({ isAdmitted: true }), spending)
    if (!opening.isOpen) throw new Error('the intent was refused')
    return opening.intent.key
  }

  const INTENT: IntentFacts = {
    at: 1,
    baseUrl: 'https://api.openai.com/v1',
    account: 'a',
    endpoint: TARGET.endpoint,
    model: TARGET.model,
    nonce: 'n',
    contentHash: 'hash',
    inputFileId: 'file-1',
    inputBytes: 100,
    inputSha256: 'sha',
    lineCount: 10,
    adapterVersion: 1,
  }

  const NOTHING = { settled: 0, reserved: 0, inFlight: 0, unknown: 0 }

  describe('what is set aside', () => {
    it('is there with the intent, and settled with the attempt', async () => {
      const { key, nonce, run } = await uploadedRun('one')
      const intent = await create(run, key, terms(nonce))
      expect((await run.spending(DAY_MS)).run).toEqual({ settled: 0, reserved: 100, inFlight: 100, unknown: 0 })
      await run.closeIntent(intent, 'created', 'submitted', { remoteId: 'b' })
      await run.moveAttempt(key, 'submitted', 'ended')
      await run.settleAttempt(key, 'collected', {}, settlement(), BILL)
      expect((await run.spending(DAY_MS)).run).toEqual({ settled: 40, reserved: 0, inFlight: 0, unknown: 0 })
      expect(await run.shownAnswers(TARGET)).toEqual({ answers: 9, promptTokens: 90, completionTokens: 18 })
      expect(await store.shownAnswers('openai', 'gpt-6.1-terra')).toMatchObject({ answers: 9 })
    })

    it('is not there where the terms refuse; then nothing has moved', async () => {
      const { key, nonce, run } = await uploadedRun('one')
      const opening = await run.openIntent(key, INTENT, () => ({ isAdmitted: true }), terms(nonce, { isRefused: true }))
      expect(opening).toEqual({ isOpen: false, refusal: REFUSAL })
      expect(await run.spending(0)).toEqual({ run: NOTHING, sinceThen: NOTHING })
      expect((await run.currentAttempts())[0]?.stage).toBe('uploaded')
      expect(await run.intents(key)).toEqual([])
    })

    it('is free again when the batch was certainly not created', async () => {
      const { key, nonce, run } = await uploadedRun('one')
      const intent = await create(run, key, terms(nonce))
      await run.closeIntent(intent, 'not_created', 'uploaded')
      expect((await run.spending(0)).run).toEqual(NOTHING)
      await create(run, key, terms(nonce, { micros: 70 }))
      expect((await run.spending(0)).run.reserved).toBe(70)
    })

    it.each([
      [false, 0],
      [true, 100],
    ])('counts on for an attempt that was replaced and may be billed: %s', async (mayBeBilled, reserved) => {
      const { key, nonce, run } = await uploadedRun('one')
      const intent = await create(run, key, terms(nonce))
      await run.closeIntent(intent, 'unknown', 'unconfirmed')
      expect((await run.spending(0)).run).toMatchObject({ reserved: 100, inFlight: 100 })
      await run.replaceAttempt({ key, from: 'unconfirmed', to: 'abandoned', next: attempt('next'), mayBeBilled })
      expect((await run.spending(0)).run).toEqual({ settled: 0, reserved, inFlight: 0, unknown: 0 })
    })

    it('counts on, but is not waited for, while the batch is held', async () => {
      const { key, nonce, run } = await uploadedRun('one')
      const intent = await create(run, key, terms(nonce))
      await run.closeIntent(intent, 'unknown', 'unconfirmed')
      await run.moveAttempt(key, 'unconfirmed', 'held', { heldFrom: 'unconfirmed' })
      expect((await run.spending(0)).run).toMatchObject({ reserved: 100, inFlight: 0 })
    })

    it('is free again where the attempt is given up unsent, because its run is cancelled', async () => {
      const { nonce, run } = await uploadedRun('r1')
      await run.reserve(terms(nonce))
      expect((await run.spending(0)).run).toMatchObject({ reserved: 100 })
      await run.cancelUnsent()
      expect((await run.spending(0)).run).toMatchObject({ reserved: 0, settled: 0 })
    })

    it('by two processes at the same moment is never more than the terms allow together', async () => {
      const { run } = await uploadedRun('one')
      await uploadedRun('two')
      const elsewhere = await home.open()
      const theirs = await elsewhere.write('two')
      const capped = (id: string): SpendingTerms => {
        return { ...terms(id), refuse: ({ sinceThen }) => (sinceThen.reserved + 100 > 500 ? REFUSAL : null) }
      }
      const asked = Array.from({ length: 8 }, (_, index) => (index < 4 ? run : theirs).reserve(capped(`call ${index}`)))
      expect((await Promise.all(asked)).filter((refusal) => refusal === null)).toHaveLength(5)
      expect((await run.spending(DAY_MS)).sinceThen.reserved).toBe(500)
      await elsewhere.close()
    })

    it('is kept in its share for results without a usage', async () => {
      const { nonce, run } = await uploadedRun('one')
      await run.reserve(terms(nonce))
      await run.settleReservation(nonce, { ...BILL, withoutUsage: 3 })
      expect((await run.spending(0)).run).toMatchObject({ settled: 40 + 30, reserved: 0 })
    })

    it('is not in the way of the same call, when it is asked for again after a crash', async () => {
      const { nonce, run } = await uploadedRun('one')
      await run.reserve(terms('other', { micros: 5 }))
      const seen: SpendingStanding[] = []
      const again: SpendingTerms = { ...terms(nonce), refuse: (standing) => (seen.push(standing), null) }
      expect(await run.reserve(again)).toBeNull()
      expect(await run.reserve(again)).toBeNull()
      expect(seen.map((standing) => [standing.run.reserved, standing.sinceThen.reserved])).toEqual([
        [5, 5],
        [5, 5],
      ])
      expect((await run.spending(0)).run.reserved).toBe(105)
    })

    it('is forgotten for a call that was not made', async () => {
      const { nonce, run } = await uploadedRun('one')
      await run.reserve(terms(nonce))
      await run.settleReservation(nonce, null)
      expect((await run.spending(0)).run).toEqual(NOTHING)
    })

    it('without a price is unknown, before and after', async () => {
      const { nonce, run } = await uploadedRun('one')
      await run.reserve(terms(nonce, { micros: null }))
      expect((await run.spending(0)).run).toEqual({ ...NOTHING, unknown: 1 })
      await run.settleReservation(nonce, { ...BILL, micros: null })
      expect((await run.spending(0)).run).toEqual({ ...NOTHING, unknown: 1 })
    })

    it('is added up over all runs since an instant, those of other runs not as in flight', async () => {
      const one = await uploadedRun('one')
      const two = await uploadedRun('two')
      await one.run.reserve(terms('yesterday', { at: DAY_MS - 1, micros: 1_000 }))
      await create(one.run, one.key, terms(one.nonce))
      await create(two.run, two.key, terms(two.nonce, { micros: 7 }))
      expect(await two.run.spending(DAY_MS)).toEqual({
        run: { settled: 0, reserved: 7, inFlight: 7, unknown: 0 },
        sinceThen: { settled: 0, reserved: 107, inFlight: 7, unknown: 0 },
      })
    })

    it('outlives its run, by month and model', async () => {
      const { nonce, run } = await uploadedRun('one')
      await run.reserve(terms(nonce))
      await run.settleReservation(nonce, BILL)
      await run.reserve(terms('lost', { at: NOON + 40 * DAY_MS }))
      await store.dropRun('one')
      const tokens = { answers: 0, promptTokens: 0, completionTokens: 0, cachedTokens: 0, reasoningTokens: 0 }
      expect(await store.spendingByMonth()).toEqual([
        { month: '1970-02', provider: 'openai', model: 'gpt-6.1-terra', ...NOTHING, ...tokens, reserved: 100 },
        {
          month: '1970-01',
          provider: 'openai',
          model: 'gpt-6.1-terra',
          ...NOTHING,
          ...tokens,
          settled: 40,
          answers: 9,
          promptTokens: 90,
          completionTokens: 18,
          cachedTokens: 3,
          reasoningTokens: 2,
        },
      ])
    })
  })
})
