import { beforeEach, describe, expect, it } from 'vitest'
import { ENGINES, forEachHome, type TestHome } from '../../test/support/engines.ts'
import { sampleDefinition } from '../../test/support/run-records.ts'
import { batchOf, begin, range, settlement, TARGET } from '../../test/support/stored-run.ts'
import type { Clock } from '../lib/clock.ts'
import { because } from '../model/reason.ts'
import { PLAIN_OUTPUT } from '../model/run.ts'
import type { AttemptChanges, AttemptUsage } from './port/attempt.ts'
import type { IntentFacts } from './port/paid-call.ts'
import type { QueueState } from './port/queue.ts'
import type { RunStore, Store } from './store.ts'

describe.each(ENGINES)('in $name', (engine) => {
  const DEFINITION = sampleDefinition({ inputPaths: null })

  const DAY_MS = 86_400_000

  let now = 1_000
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => undefined }

  let home: TestHome
  let store: Store

  beforeEach(() => {
    now = 1_000
  })

  forEachHome(
    engine,
    (madeHome, madeStore) => {
      home = madeHome
      store = madeStore
    },
    clock,
  )

  let made = 0

  /** A sealed run of as many batches as token counts are given, ten requests each. */
  async function runOf(tokens: readonly number[], baseUrl = DEFINITION.baseUrl): Promise<RunStore> {
    made += 1
    const id = `r${made}-2026-11-23`
    const output = { ...PLAIN_OUTPUT, path: null }
    await store.createRun({ id, definition: { ...DEFINITION, baseUrl }, output, createdAt: 1 })
    const run = await store.write(id)
    for (const [index, count] of tokens.entries()) {
      await run.addBatch(batchOf(range(10, index * 10), { tokens: count }))
    }
    await begin(run, { rowsHash: id, requestsHash: id, requestCount: 10 * tokens.length })
    return run
  }

  async function keyOf(run: RunStore, batch = 1): Promise<number> {
    const attempt = (await run.currentAttempts()).find((one) => one.batch === batch)
    if (!attempt) throw new Error(`there is no batch ${batch}`)
    return attempt.key
  }

  const INTENT: IntentFacts = {
    at: 1_000,
    baseUrl: DEFINITION.baseUrl,
    account: 'account',
    endpoint: TARGET.endpoint,
    model: TARGET.model,
    nonce: 'nonce',
    contentHash: 'hash',
    inputFileId: 'file-1',
    inputBytes: 100,
    inputSha256: 'sha',
    lineCount: 10,
    adapterVersion: 1,
  }

  async function upload(run: RunStore, batch = 1): Promise<number> {
    const key = await keyOf(run, batch)
    await run.moveAttempt(key, 'planned', 'uploaded', { inputFileId: 'file-1' })
    return key
  }

  /** Creates an uploaded batch and has the provider know it. */
  async function create(run: RunStore, key: number, changes: AttemptChanges = {}): Promise<void> {
    const opening = await run.openIntent(key, INTENT, () => ({ isAdmitted: true }))
    if (!opening.isOpen) throw new Error('the intent was refused')
    const seen = { remoteId: `batch_${key}`, remoteStatus: 'in_progress' as const, submittedAt: now, lastPollAt: now }
    await run.closeIntent(opening.intent.key, 'created', 'submitted', { ...seen, ...changes })
  }

  /** What the rule would be asked about this batch now. */
  async function stateFor(run: RunStore, key: number): Promise<QueueState> {
    let seen: QueueState | undefined
    await run.openIntent(key, INTENT, (queue) => {
      seen = queue
      return { isAdmitted: false, wait: { code: 'queue_full', words: 'only looking', nextAt: 0 } }
    })
    if (!seen) throw new Error('the rule was not asked')
    return seen
  }

  async function wait(run: RunStore, key: number, since: number, nextAt = 90_000): Promise<void> {
    await run.noteAttempt(key, { waitingSince: since, nextAt, ...because({ kind: 'queue_full', words: 'full' }) })
  }

  const USAGE: AttemptUsage = {
    isLong: false,
    results: 0,
    answers: 0,
    promptTokens: 0,
    completionTokens: 0,
    cachedTokens: 0,
    reasoningTokens: 0,
    cacheWriteTokens: 0,
    hourWriteTokens: 0,
    withoutUsage: 0,
  }

  describe('the queue as the store sees it', () => {
    it('holds what all runs at one base URL have in flight for a model', async () => {
      const [one, other, elsewhere] = [
        await runOf([100, 7]),
        await runOf([30]),
        await runOf([5_000], 'http://127.0.0.1/v1'),
      ]
      await create(one, await upload(one))
      await create(other, await upload(other), { remoteStatus: 'queued' })
      await create(elsewhere, await upload(elsewhere))
      const state = await stateFor(one, await upload(one, 2))
      expect(state).toMatchObject({
        batch: { tokens: 7, requests: 10 },
        inFlight: { tokens: 130, requests: 20 },
        accountRequests: 20,
        belief: null,
        isCalibrated: false,
      })
      const { model, provider } = TARGET
      expect(await store.queuedWork()).toEqual([{ provider, model, tokens: 5_130, requests: 30 }])
    })

    it('gives two processes that ask at the same moment what room there is, and never more', async () => {
      const [one, other] = [await runOf([10, 10, 10, 10]), await runOf([10, 10, 10, 10])]
      const keys: number[] = []
      for (const run of [one, other]) for (const batch of [1, 2, 3, 4]) keys.push(await upload(run, batch))
      const elsewhere = await home.open(clock)
      const theirs = await elsewhere.write(other.id)
      const ask = (key: number, index: number) =>
        (index < 4 ? one : theirs).openIntent(key, INTENT, ({ batch, inFlight }) =>
          inFlight.tokens + batch.tokens <= 50
            ? { isAdmitted: true }
            : { isAdmitted: false, wait: { code: 'queue_full', words: 'full', nextAt: 0 } },
        )
      const openings = await Promise.all(keys.map(ask))
      expect(openings.filter(({ isOpen }) => isOpen)).toHaveLength(5)
      await elsewhere.close()
    })

    it('leaves the batch where it was when the rule refuses', async () => {
      const run = await runOf([100])
      const key = await upload(run)
      await stateFor(run, key)
      expect(await run.intents(key)).toEqual([])
      expect((await run.currentAttempts())[0]?.stage).toBe('uploaded')
    })

    it.each<[string, (run: RunStore, key: number) => Promise<unknown>, number]>([
      ['was seen to have ended', (run, key) => run.moveAttempt(key, 'submitted', 'ended'), 0],
      ['is complete and lacks its files', (run, key) => run.noteAttempt(key, { endedAt: now }), 0],
      [
        'is held while it may run',
        (run, key) => run.moveAttempt(key, 'submitted', 'held', { heldFrom: 'submitted' }),
        100,
      ],
      ['is being looked for', (run, key) => run.noteAttempt(key, {}), 100],
    ])('counts a batch that %s as its provider does', async (_, change, tokens) => {
      const run = await runOf([100, 1])
      const key = await upload(run)
      await create(run, key)
      await change(run, key)
      expect((await stateFor(run, await upload(run, 2))).inFlight.tokens).toBe(tokens)
    })

    it.each(['unconfirmed', 'held', 'creating'] as const)(
      'counts a create in doubt that stays undecided for a day, %s',
      async (stage) => {
        const run = await runOf([100, 1])
        const key = await upload(run)
        const opening = await run.openIntent(key, { ...INTENT, at: now }, () => ({ isAdmitted: true }))
        if (!opening.isOpen) throw new Error('the intent was refused')
        if (stage !== 'creating') await run.closeIntent(opening.intent.key, 'unknown', 'unconfirmed')
        if (stage === 'held') await run.moveAttempt(key, 'unconfirmed', 'held', { heldFrom: 'unconfirmed' })
        const asking = await upload(run, 2)
        expect((await stateFor(run, asking)).inFlight.tokens).toBe(100)
        now += 86_400_001
        expect((await stateFor(run, asking)).inFlight.tokens).toBe(0)
      },
    )

    it('tells who has waited longer', async () => {
      const [one, other] = [await runOf([1, 1]), await runOf([1])]
      const [first, second, third] = [await upload(one), await upload(one, 2), await upload(other)]
      await wait(one, first, 500)
      await wait(other, third, 400)
      expect((await stateFor(one, second)).ahead.map(({ since }) => since)).toEqual([400, 500])
      expect((await stateFor(one, first)).ahead.map(({ since }) => since)).toEqual([400])
      expect((await stateFor(other, third)).ahead).toEqual([])
    })

    it('lets the run go first that has less in flight, and before all others one of a higher priority', async () => {
      const [large, small] = [await runOf([100, 100, 100]), await runOf([100, 100])]
      await create(large, await upload(large, 1))
      const [second, third] = [await upload(large, 2), await upload(large, 3)]
      const [mine, next] = [await upload(small, 1), await upload(small, 2)]
      await wait(large, second, 100)
      await wait(large, third, 200)
      await wait(small, mine, 900)
      const ahead = async (run: RunStore, key: number): Promise<number[]> =>
        (await stateFor(run, key)).ahead.map(({ since }) => since)
      expect(await ahead(small, mine)).toEqual([])
      expect(await ahead(large, third)).toEqual([900, 100])
      // As much is in flight of both: then the one that waits longest goes first.
      await create(small, mine)
      await wait(small, next, 950)
      expect(await ahead(small, next)).toEqual([100, 200])
      await small.steerRun({ priority: 'high' })
      expect(await ahead(small, next)).toEqual([])
      expect(await ahead(large, second)).toEqual([950])
      await large.steerRun({ priority: 'high' })
      await small.steerRun({ priority: 'low' })
      expect(await ahead(small, next)).toEqual([100, 200])
      expect(await small.record()).toMatchObject({ priority: 'low' })
    })

    it('wakes those that wait when a batch of any run has ended', async () => {
      const [one, other] = [await runOf([1]), await runOf([1])]
      const [key, waiting] = [await upload(one), await upload(other)]
      await create(one, key)
      await wait(other, waiting, now)
      expect(await one.isRoomWanted()).toBe(true)
      await one.moveAttempt(key, 'submitted', 'ended')
      expect((await other.currentAttempts())[0]?.nextAt).toBe(now)
    })

    it('lets another run say that a batch has ended which no process watches', async () => {
      const [left, waiting] = [await runOf([100]), await runOf([1])]
      const key = await upload(left)
      await create(left, key)
      const asking = await upload(waiting)
      await wait(waiting, asking, now)
      expect(await waiting.unwatchedInFlight(TARGET)).toEqual([
        { attemptKey: key, run: left.id, remoteId: `batch_${key}`, lastPollAt: 1_000 },
      ])
      now = 5_000
      await waiting.noteUnwatched(key, now, false)
      expect(await waiting.unwatchedInFlight(TARGET)).toMatchObject([{ lastPollAt: 5_000 }])
      await waiting.noteUnwatched(key, now, true)
      expect((await stateFor(waiting, asking)).inFlight.tokens).toBe(0)
      expect((await waiting.currentAttempts())[0]?.nextAt).toBe(now)
      expect((await left.currentAttempts())[0]?.stage).toBe('submitted')
    })
  })

  describe('a refusal for want of room', () => {
    const refusal = (limitTokens: number | null) => ({
      at: now,
      believedSince: 0,
      limitTokens,
      words: 'Limit: 2,000 enqueued tokens',
      waitMs: (refusals: number) => refusals * 1_000,
    })

    /** A batch that was created and whose refusal was seen. */
    async function refused(run: RunStore, batch = 1, limitTokens: number | null = 2_000) {
      const key = await upload(run, batch)
      await create(run, key, { remoteStatus: 'queued' })
      await run.moveAttempt(key, 'submitted', 'ended', { remoteStatus: 'failed' })
      return await run.recordRefusal(key, refusal(limitTokens))
    }

    it('teaches all runs the limit, and where it was read', async () => {
      await refused(await runOf([3_000]))
      expect(await (await runOf([1])).queueBelief(TARGET)).toEqual({
        tokens: 2_000,
        learntAt: 1_000,
        learntFrom: 'Limit: 2,000 enqueued tokens',
        isInDoubt: true,
        hasProber: false,
        refusals: 1,
        refusalsAlone: 1,
        tokensInFlight: 0,
        tryAt: 2_000,
      })
    })

    it('teaches a little less than what did not fit where no limit is named', async () => {
      const run = await runOf([700, 300])
      await create(run, await upload(run))
      expect(await refused(run, 2, null)).toMatchObject({ tokens: 900, tokensInFlight: 700, refusalsAlone: 0 })
    })

    it('counts once for an attempt, and once for batches that were sent together', async () => {
      const run = await runOf([1, 1])
      const [first, second] = [await upload(run), await upload(run, 2)]
      await create(run, first, { remoteStatus: 'queued' })
      await create(run, second, { remoteStatus: 'queued' })
      now = 2_000
      await run.moveAttempt(first, 'submitted', 'ended', { remoteStatus: 'failed' })
      await run.recordRefusal(first, refusal(null))
      expect(await run.recordRefusal(first, refusal(null))).toMatchObject({ refusals: 1 })
      await run.moveAttempt(second, 'submitted', 'ended', { remoteStatus: 'failed' })
      expect(await run.recordRefusal(second, refusal(null))).toMatchObject({ refusals: 1, tryAt: 3_000 })
    })

    it('is in doubt until a later batch is accepted, and knows the one that tries', async () => {
      const run = await runOf([1, 1, 1])
      await refused(run)
      now = 2_000
      const probe = await upload(run, 2)
      await create(run, probe, { remoteStatus: 'queued' })
      expect(await run.queueBelief(TARGET)).toMatchObject({ isInDoubt: true, hasProber: true })
      await run.noteAttempt(probe, { remoteStatus: 'in_progress' })
      expect(await run.queueBelief(TARGET)).toMatchObject({ isInDoubt: false, hasProber: false, tokens: 2_000 })
    })

    it('grows with each later one, and is forgotten when a person says so', async () => {
      const run = await runOf([1, 1])
      await refused(run)
      now = 2_000
      expect(await refused(run, 2)).toMatchObject({ refusals: 2, refusalsAlone: 2, tryAt: 4_000 })
      await run.trustQueue(TARGET)
      expect(await run.queueBelief(TARGET)).toMatchObject({ isInDoubt: false, refusals: 0, tokens: 2_000 })
    })

    it('does not bring back a limit that is believed no longer', async () => {
      const run = await runOf([700, 5_000])
      await refused(run, 1, 800)
      now += 10 * DAY_MS
      const believedSince = now - 7 * DAY_MS
      const key = await upload(run, 2)
      await create(run, key, { remoteStatus: 'queued' })
      await run.moveAttempt(key, 'submitted', 'ended', { remoteStatus: 'failed' })
      expect(await run.recordRefusal(key, { ...refusal(null), at: now, believedSince })).toMatchObject({
        tokens: 4_500,
      })
    })

    it('is not waited for until next year because the clock was set back', async () => {
      now = 400 * DAY_MS
      const run = await runOf([1, 1])
      await refused(run)
      now = 1_000
      await run.bringBackQueues(now)
      expect(await run.queueBelief(TARGET)).toMatchObject({ isInDoubt: true, learntAt: now, tryAt: now })
    })

    it('gives the requests of the batch back, to be cut again', async () => {
      const run = await runOf([3_000])
      const key = await upload(run)
      await create(run, key)
      await run.moveAttempt(key, 'submitted', 'ended')
      await run.releaseAttempt(key, 'ended')
      expect((await run.currentAttempts())[0]?.stage).toBe('rejected')
      expect((await run.counts()).pending).toBe(10)
    })
  })

  describe('calibration', () => {
    async function collect(run: RunStore, batch: number, promptTokens: number, results = 10): Promise<void> {
      const key = await upload(run, batch)
      await create(run, key)
      await run.moveAttempt(key, 'submitted', 'ended')
      const usage = { ...USAGE, results, answers: results, promptTokens: promptTokens * results }
      await run.settleAttempt(key, 'collected', {}, settlement({ usage: [usage] }))
    }

    it('corrects the estimates of every run by what a collected batch has shown', async () => {
      const run = await runOf([100, 200])
      await collect(run, 1, 15)
      expect(await run.tokenRate(TARGET, 'bytes')).toBeCloseTo(1.5)
      expect(await run.tokenRate(TARGET, 'fitted')).toBeNull()
      expect((await run.currentAttempts()).map(({ tokens }) => tokens)).toEqual([150, 300])
      const other = await runOf([1_000])
      expect(await stateFor(other, await upload(other))).toMatchObject({ batch: { tokens: 1_500 }, isCalibrated: true })
    })

    it('believes a lower rate only as far as the tokens that were counted go', async () => {
      const run = await runOf([100, 1_000_000])
      await collect(run, 1, 5)
      expect(await run.tokenRate(TARGET, 'bytes')).toBeCloseTo(10_050 / 10_100)
      await collect(run, 2, 50_000)
      const [counted, estimated] = [25 + 500_000, 50 + 1_000_000]
      expect(await run.tokenRate(TARGET, 'bytes')).toBeCloseTo((counted + 10_000) / (estimated + 10_000))
    })

    it('compares only the rows that told their tokens', async () => {
      const run = await runOf([100])
      await collect(run, 1, 20, 5)
      expect(await run.tokenRate(TARGET, 'bytes')).toBeCloseTo(2)
    })

    it('follows a change within a few batches', async () => {
      const run = await runOf([100, 100, 100])
      await collect(run, 1, 10)
      await collect(run, 2, 20)
      await collect(run, 3, 20)
      expect(await run.tokenRate(TARGET, 'bytes')).toBeCloseTo((0.25 * 1 + 0.5 * 2 + 2) / 1.75)
    })
  })

  it('a create without an answer is told with its size until its batch is known, and its batch is unknown to all runs', async () => {
    const [first, second] = [await runOf([500]), await runOf([500])]
    const key = await upload(first)
    const opening = await first.openIntent(key, { ...INTENT, at: now }, () => ({ isAdmitted: true }))
    if (!opening.isOpen) throw new Error('the intent was refused')
    const other = await upload(second)
    expect((await stateFor(second, other)).unanswered).toEqual([{ requests: 10, isInDoubt: false, isHeld: false }])
    await first.closeIntent(opening.intent.key, 'unknown', 'unconfirmed')
    expect((await stateFor(second, other)).unanswered).toEqual([{ requests: 10, isInDoubt: true, isHeld: false }])
    await first.moveAttempt(key, 'unconfirmed', 'held', { heldFrom: 'unconfirmed' })
    expect((await stateFor(second, other)).unanswered).toEqual([{ requests: 10, isInDoubt: true, isHeld: true }])
    await first.moveAttempt(key, 'held', 'unconfirmed', { heldFrom: null })
    expect(await second.unknownRemotes(['batch_1', 'batch_2'])).toEqual(['batch_1', 'batch_2'])
    await first.addRemoteBatch(key, { id: 'batch_1', seenAt: now, role: 'ours' })
    await first.closeIntent(opening.intent.key, 'adopted', 'submitted', { remoteId: 'batch_1' })
    expect((await stateFor(second, other)).unanswered).toEqual([])
    expect(await second.unknownRemotes(['batch_1', 'batch_2'])).toEqual(['batch_2'])
  })
})
