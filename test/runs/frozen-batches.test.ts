import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { expect, it } from 'vitest'
import { reask } from '../../src/drive/reask.ts'
import { replan } from '../../src/drive/replan.ts'
import { startRun } from '../../src/index.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Random } from '../../src/lib/random.ts'
import type { BatchPlan } from '../../src/log/batch-plan.ts'
import { RunLog } from '../../src/log/run-log.ts'
import { PLAIN_OUTPUT } from '../../src/model/run.ts'
import type { NewRunOptions } from '../../src/prepare/definition.ts'
import { takeNewRun } from '../../src/prepare/start.ts'
import type { AttemptRecord } from '../../src/store/port/attempt.ts'
import type { RunStore } from '../../src/store/store.ts'
import { runContext } from '../../src/workspace/context.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import { finish } from '../support/fault-run.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { openPlace } from '../support/open-place.ts'
import { end, type NewResult, range, type StoredRun, settleEnded } from '../support/stored-run.ts'

const CHAT = '/v1/chat/completions'
const LUNA = 'gpt-6-luna'
const TERRA = 'gpt-6.1-terra'

/** A provider-ready line; a temperature of 0 is answered alike, so that its requests are shared. */
function line(id: string, content: string, { model = LUNA, url = CHAT, ...parameters }: Record<string, unknown> = {}) {
  const asked = url === CHAT ? { messages: [{ role: 'user', content }] } : { input: content }
  return JSON.stringify({ custom_id: id, method: 'POST', url, body: { model, ...asked, ...parameters } })
}

/** Longer than the memory that lines are encoded into. */
const LONG = 'A long text with ä, 日本語 and 😀. '.repeat(1_500)

const EARLIER = [line('e0', 'one'), line('e1', 'six', { model: TERRA })]

const MIXED = [
  line('r0', 'one'),
  line('r1', 'two'),
  line('r2', 'three'),
  line('r3', 'three', { model: TERRA }),
  line('r4', 'two'),
  JSON.stringify({ custom_id: 'r5', method: 'POST', url: CHAT }),
  line('r6', 'four'),
  line('r7', LONG),
  line('r8', 'five', { model: TERRA, max_completion_tokens: 50 }),
  line('r9', 'six', { model: TERRA }),
  line('r10', '日本語 "quoted" \u2028 and \\ more', { model: TERRA }),
  line('r11', 'seven', { url: '/v1/responses' }),
  line('r12', 'eight', { url: '/v1/responses', max_output_tokens: 9 }),
  line('r13', 'nine'),
  line('r14', 'nine'),
  line('r15', 'ten', { model: TERRA }),
]

/** The same nonces and ids each time. */
function countingRandom(): Random {
  let count = 0
  const bytes = (length: number): Uint8Array => {
    count += 1
    return createHash('sha256').update(`random ${count}`).digest().subarray(0, length)
  }
  return { bytes, fraction: () => 0.5 }
}

const FIXED = { ...systemClock, now: () => Date.UTC(2026, 10, 23, 8) }

async function openFixed(world: LocalWorld): Promise<Workspace> {
  return { ...(await openPlace(world, { clock: FIXED })), random: countingRandom() }
}

const short = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

/** What is frozen of a batch: what the store says, and the bytes of the file. */
async function frozenBatch(workspace: Workspace, run: RunStore, attempt: AttemptRecord) {
  const bytes = await readFile(workspace.folderOf(run.id).input(attempt.inputName))
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(attempt.inputSha256)
  expect(bytes.length).toBe(attempt.inputBytes)
  const plan = await planOf(workspace, run, attempt)
  const ordinals = range(plan.length).map((index) => plan.ordinalAt(index))
  const { contentHash, kind, mostOutputTokens, nonce, target, tokens } = attempt
  const most = mostOutputTokens ?? 'unlimited'
  return [
    `${kind} ${target.model} ${target.endpoint} requests ${ordinals.join(' ')}`,
    `${tokens} tokens, ${most}, content ${contentHash.slice(0, 12)}, ${bytes.length} bytes ${short(bytes)} ${nonce}`,
  ].join(': ')
}

async function frozenBatches(workspace: Workspace, run: RunStore, after = 0) {
  const attempts = (await run.currentAttempts()).filter(({ batch }) => batch > after)
  return await Promise.all(attempts.map((attempt) => frozenBatch(workspace, run, attempt)))
}

async function freeze(workspace: Workspace, options: Omit<NewRunOptions, 'output'>): Promise<RunStore> {
  const output = { ...PLAIN_OUTPUT, path: null }
  const { lock, store } = await takeNewRun(workspace, { ...options, output }, () => undefined)
  lock.release()
  return store
}

const LIMITS = { providers: { openai: { limits: { maxRequests: 2 } } }, canary: { aboveRequests: 5, requests: 1 } }

it('freezes targets, canary, shared and carried rows, and plans what is sent again, byte for byte as ever', async () => {
  const world = await openWorld({ config: LIMITS })
  const earlier = {
    input: await world.write('earlier.jsonl', `${EARLIER.join('\n')}\n`),
    output: `${world.folder}/earlier-answers.jsonl`,
  }
  await finish(await startRun({ ...earlier, config: world.configPath, environment: world.environment }))
  const workspace = await openFixed(world)
  try {
    const path = await world.write('mixed.jsonl', `${MIXED.join('\n')}\n`)
    const run = await freeze(workspace, { input: { source: { path } }, dedupe: true, skipInvalid: true, since: 'last' })
    const { requestCount, requestsHash, rowCount, rowsHash } = await run.record()
    const rows = await readFile(workspace.folderOf(run.id).portion(1).rows)
    expect({ requestCount, rowCount, rowsHash, requestsHash, rows: short(rows) }).toEqual(WHOLE)
    expect(await frozenBatches(workspace, run)).toEqual(FROZEN)
    const attempts = await run.currentAttempts()
    for (const { key, kind } of attempts) if (kind === 'batch') await run.releaseAttempt(key, 'planned')
    await replan(await runContext(workspace, run, () => undefined))
    expect(await frozenBatches(workspace, run, attempts.length)).toEqual(PLANNED_AGAIN)
  } finally {
    await workspace.close()
  }
})

it('asks again byte for byte as ever', async () => {
  const world = await openWorld({ config: { ...LIMITS, canary: false } })
  const workspace = await openFixed(world)
  try {
    const input = await world.write(
      'rows.jsonl',
      ['one', 'two', 'three'].map((text) => `{"text":"${text}"}\n`).join(''),
    )
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    }
    const run = await freeze(workspace, {
      input: { source: { path: input } },
      model: `openai/${TERRA}`,
      prompt: 'Count {{text}}',
      answer: { name: 'count', schema, isStrict: true },
      maxReasks: 1,
      maxTokens: 20,
    })
    expect(await frozenBatches(workspace, run)).toEqual(ASKED)
    for (const attempt of await run.currentAttempts()) await answerWrongly(workspace, run, attempt)
    expect(await reask(await runContext(workspace, run, () => undefined))).toBe(true)
    expect(await frozenBatches(workspace, run, 2)).toEqual(ASKED_AGAIN)
  } finally {
    await workspace.close()
  }
})

/** Ends a batch as if every request had been answered with text that does not fit. */
async function answerWrongly(workspace: Workspace, run: RunStore, attempt: AttemptRecord) {
  const { key, nonce } = attempt
  const plan = await planOf(workspace, run, attempt)
  const results: NewResult[] = []
  let text = ''
  for (const ordinal of range(plan.length).map((index) => plan.ordinalAt(index))) {
    const message = { role: 'assistant', content: `wrong ${ordinal}` }
    const body = { model: TERRA, choices: [{ index: 0, message, finish_reason: 'stop' }] }
    const answer = JSON.stringify({
      custom_id: `b${nonce}${ordinal}`,
      response: { status_code: 200, body },
      error: null,
    })
    const place = { offset: Buffer.byteLength(text), length: Buffer.byteLength(answer) }
    results.push({
      ordinal,
      status: 'invalid',
      code: 'invalid_answer',
      reason: 'n is missing',
      promptTokens: 1,
      crc32: crc32(answer),
      ...place,
    })
    text += `${answer}\n`
  }
  const ports = portsOf(workspace, run)
  await writeFile(ports.folder.result(String(key), 'output'), text)
  await end(ports, key)
  await settleEnded(ports, key, results)
}

function portsOf(workspace: Workspace, store: RunStore): StoredRun {
  return { ...workspace, id: store.id, store, folder: workspace.folderOf(store.id) }
}

async function planOf(workspace: Workspace, run: RunStore, { batchKey }: AttemptRecord): Promise<BatchPlan> {
  return await new RunLog(portsOf(workspace, run)).planOf(await run.batch(batchKey))
}

/** The hashes of the whole run, which tell the same work again. */
const WHOLE = {
  requestCount: 13,
  rowCount: 16,
  rowsHash: 'd229bae2ae9b2f73c105430e69210e6b5093dea4863da9db5f2acf2c7326d66c',
  requestsHash: '51c8435ce8e2377410c8f6b46023408402ba1af9a9452c451591da4595eaf41f',
  rows: 'd229bae2ae9b',
}

/** Batch by batch: what it holds, its tokens, the most tokens of its answers, its content hash, its file, its nonce. */
const FROZEN = [
  'batch gpt-6-luna /v1/chat/completions requests 2 4: 78 tokens, unlimited, content 566148f5b4d7, 309 bytes 94c062b7caf0 0rugotvcdw4logidr0ojp4k3x',
  'batch gpt-6-luna /v1/chat/completions requests 5 11: 15395 tokens, unlimited, content 45cf7248eb91, 61804 bytes dbcbd96da7b7 29sg8el35m8hgjiaiom11y8jp',
  'batch gpt-6.1-terra /v1/chat/completions requests 8 12: 86 tokens, unlimited, content 8e0cbf3a1d55, 345 bytes 11bded4ae603 8kq1gcj4cwr8vb3p627b035hh',
  'direct gpt-6-luna /v1/chat/completions requests 1: 38 tokens, unlimited, content 002b9c28ab61, 153 bytes e653e98d5168 2dsinv4w40chqje3sr30eu7nq',
  'direct gpt-6.1-terra /v1/chat/completions requests 3: 40 tokens, unlimited, content 2058091ce813, 158 bytes 7361bb0bc11e 9l1ufrrn9zaz9l4nsq71i7bty',
  'direct gpt-6.1-terra /v1/chat/completions requests 6: 46 tokens, 50, content c34299689f59, 184 bytes 17530d8c4b96 41geoxkca9og22cdi5vkv98qe',
  'direct gpt-6-luna /v1/responses requests 9: 29 tokens, unlimited, content e9b59d51edf9, 117 bytes e9f1020b7164 18keufdgfsfsjqq1gjkbyg7mj',
  'direct gpt-6-luna /v1/responses requests 10: 35 tokens, 9, content 19a2b014d500, 139 bytes c151130bf316 4fgslmqnnhvyyaygd1jprfin6',
  'carried gpt-6-luna /v1/chat/completions requests 0: 0 tokens, unlimited, content 0d2e5ec6b7fe, 153 bytes 004ab639b663 dmw8df7qmu4pc7pk3ycj8ji8q',
  'carried gpt-6.1-terra /v1/chat/completions requests 7: 0 tokens, unlimited, content 2cd8614fa391, 156 bytes 97b4aa90dca8 db4c6e2ojax489dwgdsgck48a',
]

/** The same requests under nonces of their own; what follows the wire id is the same. */
const PLANNED_AGAIN = [
  'batch gpt-6-luna /v1/chat/completions requests 2 4: 78 tokens, unlimited, content 566148f5b4d7, 309 bytes ca97b1f62f55 ezse3t3m9nbf4mdreq6ezz6vb',
  'batch gpt-6-luna /v1/chat/completions requests 5 11: 15395 tokens, unlimited, content 45cf7248eb91, 61804 bytes d34333919610 ae3xjdfuy7rm4v0tpduwznjqt',
  'batch gpt-6.1-terra /v1/chat/completions requests 8 12: 86 tokens, unlimited, content 8e0cbf3a1d55, 345 bytes bc952303cba5 89q3jiumszb23bxayavtzjvgg',
]

/** Two requests a batch. */
const ASKED = [
  'batch gpt-6.1-terra /v1/chat/completions requests 0 1: 194 tokens, 40, content 51871eca3420, 772 bytes 9a0de2bfd400 dmw8df7qmu4pc7pk3ycj8ji8q',
  'batch gpt-6.1-terra /v1/chat/completions requests 2: 97 tokens, 20, content 50ada6fd948e, 388 bytes 8c75a154abd5 2dsinv4w40chqje3sr30eu7nq',
]

/** The same requests, each with the wrong answer and what is wrong with it. */
const ASKED_AGAIN = [
  'batch gpt-6.1-terra /v1/chat/completions requests 0 1: 285 tokens, 40, content 05d9b043efaf, 1160 bytes bef30502ed82 0rugotvcdw4logidr0ojp4k3x',
  'batch gpt-6.1-terra /v1/chat/completions requests 2: 143 tokens, 20, content 1778e77f90b4, 582 bytes 0fc796db50a4 9l1ufrrn9zaz9l4nsq71i7bty',
]
