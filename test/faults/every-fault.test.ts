import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRun } from '../../src/index.ts'
import type { RequestCounts } from '../../src/store/port/batch.ts'
import { SHORT_WAITS } from '../support/fault-run.ts'
import { heldFaults, UNTIL_RELEASED } from '../support/held-clock.ts'
import { openWorld, questions } from '../support/local-world.ts'

/**
 * What a fault of the provider, or of the network before it, may change. Everything is judged from outside: the
 * server's books, the answers file, the state the run ended in.
 */
interface Case {
  /** The fault numbers of docs/faults.md that this covers. */
  readonly covers: string
  readonly faults: readonly string[]
  /** @default both */
  readonly provider?: 'openai' | 'mistral'
  /** @default completed */
  readonly state?: string
  /** @default every row succeeded */
  readonly counts?: Partial<RequestCounts>
  /** Batches the server made, or the numbers that may be where two creates race. @default 2 */
  readonly batches?: number | readonly number[]
  readonly reason?: RegExp
  readonly incident?: string
  /** What the run waits for in vain, so that the test sits its time limit out; the others never come near to one. */
  readonly inVain?: 'an answer' | 'a batch' | 'a listing'
}

const ROWS = 12

/** A create that was answered unclearly: found in the list, adopted, nothing made twice. */
const CREATED_AFTER_ALL = [
  'accept-then-500',
  'accept-then-status(504)',
  'accept-then-status(408)',
  'accept-then-status(409)',
  'accept-then-status(429)',
  'accept-then-html',
  'accept-then-reset',
  'accept-then-hang',
  'half-json',
  'empty-answer',
  'html-answer',
  'other-object',
  'no-id',
  'false-encoding',
].map(
  (fault): Case => ({
    covers: 'F27 F28 F35 F50 F51',
    faults: [`create:1=${fault}`],
    ...(fault === 'accept-then-hang' ? { inVain: 'an answer' } : {}),
  }),
)

/** A create that was never made: proved absent by listings and the fence, then made once. */
const NEVER_CREATED = ['status(500)', 'status(503)', 'html', 'reset', 'hang', 'status(429)'].map(
  (fault): Case => ({ covers: 'F31 F32', faults: [`create:1=${fault}`], inVain: 'a batch' }),
)

const CASES: readonly Case[] = [
  ...CREATED_AFTER_ALL,
  ...NEVER_CREATED,
  { covers: 'F27 F122', faults: ['create:1=accept-then-reset', 'list:2=nothing-listed'], inVain: 'a batch' },
  { covers: 'F27 F122', faults: ['create:1=accept-then-500', 'list=lag(250)'], inVain: 'a batch' },
  { covers: 'F27 (late create, before the fence)', faults: ['create:1=delayed(150)'], inVain: 'a batch' },
  { covers: 'F27 (late create, after the fence)', faults: [`create:1=delayed(${UNTIL_RELEASED})`], inVain: 'a batch' },
  { covers: 'F46 F122', faults: ['create:1=late(500)'] },
  { covers: 'F27 F125', faults: ['create:1=accept-then-reset', 'create=metadata-dropped'] },
  { covers: 'F27 F125', faults: ['create:1=accept-then-reset', 'list=metadata-dropped'] },
  { covers: 'F54 F119', faults: ['create:1=accept-then-500', 'list:2-3=repeat-page'] },
  { covers: 'F120', faults: ['create:1=accept-then-500', 'list:2-3=empty-page'] },
  { covers: 'F120', faults: ['create:1=status(500)', 'list:2-3=empty-page'], inVain: 'a batch' },
  { covers: 'F119', faults: ['create:1=accept-then-500', 'list=doubled-entries'] },
  { covers: 'F119', faults: ['create:1=accept-then-500', 'list:2-4=status(500)'] },
  { covers: 'F51', faults: ['create:1=accept-then-500', 'list:2-4=html-answer'] },
  {
    covers: 'F121 (a listing that is refused, before anything is sent)',
    faults: ['list=status(400)'],
    state: 'held',
    counts: { batched: ROWS },
    batches: 0,
    reason: /refuses to list its batches \(page 1 failed: .*400.*--again/,
  },
  {
    covers: 'F121 (a listing that is refused once a create is in doubt)',
    faults: ['create:1=accept-then-500', 'list:2-999=status(400)'],
    inVain: 'a listing',
    state: 'held',
    counts: { succeeded: 6, batched: 6 },
    reason: /whether it was created cannot be seen, because \w+ refuses to list its batches/,
  },
  { covers: 'F25', faults: ['create:1=file-not-found'] },
  { covers: 'F29 (a gateway repeats our POST)', faults: ['create:1=repeat'], batches: 3, incident: 'duplicate_batch' },
  {
    covers: 'F29 (a repeated POST with an unclear answer)',
    faults: ['create:1=repeat', 'create:1=accept-then-500'],
    batches: 3,
    incident: 'duplicate_batch',
  },
  {
    covers: 'F27 (no fence: the input file cannot be deleted)',
    faults: ['create:1=status(500)', 'delete=delete-ignored'],
    inVain: 'a batch',
    state: 'held',
    counts: { succeeded: 6, batched: 6 },
    batches: 1,
    reason: /cannot be decided/,
  },
  { covers: 'F34 F53', faults: ['create:1=status(401)'], state: 'held', counts: { batched: ROWS }, batches: [0, 1] },
  { covers: 'F34', faults: ['create:1=status(402)'], state: 'held', counts: { batched: ROWS }, batches: [0, 1] },
  {
    covers: 'reaction table: another 4xx of the API refuses one batch',
    faults: ['create:1=status(400)'],
    state: 'held',
    counts: { succeeded: 6, batched: 6 },
    batches: 1,
  },
  { covers: 'F33 F35', faults: ['create=wrapped'] },

  { covers: 'F16', faults: ['upload:1=reset'] },
  { covers: 'F19', faults: ['upload:1=accept-then-reset'] },
  { covers: 'F16', faults: ['upload:1=accept-then-hang'], inVain: 'an answer' },
  { covers: 'F18', faults: ['upload:1=wrong-size'] },
  { covers: 'F20', faults: ['upload:1=status(429)'] },
  { covers: 'F50', faults: ['upload:1-2=html'] },
  { covers: 'F22', faults: ['upload=renamed'] },
  { covers: 'F17 (a gateway with a lower body limit)', faults: ['upload:1=status(413)'], batches: 3 },
  { covers: 'F53', faults: ['upload:1=status(401)'], state: 'held', counts: { batched: ROWS }, batches: 0 },
  { covers: 'F23', faults: ['upload:1=redirect'] },

  { covers: 'F50', faults: ['get:1-3=status(502)'] },
  { covers: 'F50', faults: ['get:1-4=html'] },
  { covers: 'F50', faults: ['get:1-3=reset'] },
  { covers: 'F63', faults: ['get:1=hang'], inVain: 'an answer' },
  { covers: 'F51', faults: ['get:1-4=half-json'] },
  { covers: 'F51', faults: ['get:1-4=html-answer'] },
  { covers: 'F51', faults: ['get:1-4=empty-answer'] },
  { covers: 'F51', faults: ['get:1-4=other-object'] },
  { covers: 'F46', faults: ['get:1-3=status(404)'] },
  { covers: 'F55', faults: ['get:1-3=status(429)'] },
  { covers: 'F20 F55', faults: ['upload:1=retry-after', 'get:1=retry-after', 'content:1=retry-after'] },
  {
    covers: 'F55',
    faults: ['create:1=retry-after', 'list:2=retry-after(Fri, 31 Dec 9999 23:59:59 GMT)'],
    inVain: 'a batch',
  },
  { covers: 'F44', faults: ['get:1-2=batch-status(pre_schedule)'] },
  { covers: 'F66', faults: ['get:1-6=ids-hidden'] },
  { covers: 'F58', faults: ['get=ids-empty'] },
  { covers: 'F58', faults: ['get=ids-objects', 'create=ids-objects', 'list=ids-objects'] },
  { covers: 'F59', faults: ['get=ids-early'] },
  { covers: 'F45 F56', faults: ['get=counts-lie'] },
  { covers: 'F57', faults: ['get=times-odd', 'create=times-odd'] },
  { covers: 'F35', faults: ['get=errors-odd'] },
  { covers: 'F53', faults: ['get:1=status(401)'], state: 'held', counts: { batched: ROWS } },

  { covers: 'F86', faults: ['content:1=cut'] },
  { covers: 'F87', faults: ['content:1=short'] },
  { covers: 'F87', faults: ['content:1=zero-bytes'] },
  { covers: 'F88', faults: ['content:1-3=status(502)'] },
  { covers: 'F89', faults: ['content:1-2=status(404)'] },
  { covers: 'F92', faults: ['content:1=html-answer'] },
  { covers: 'F92', faults: ['content:1=other-object'] },
  { covers: 'F93', faults: ['content:1=false-encoding'] },
  {
    covers: 'F63 F96 (a body that drips)',
    faults: ['get:1=drip', 'list:1=drip', 'content:1=drip'],
    inVain: 'an answer',
  },
  { covers: 'F95 (a file without an end)', faults: ['content:1-2=endless'] },
  { covers: 'F91', faults: ['content:1=redirect'] },
  { covers: 'F96', faults: ['content:1=slow(300)'] },
  { covers: 'F109', faults: ['content=bom', 'file=wrong-size'] },
  { covers: 'F109', faults: ['content=crlf'] },
  { covers: 'F109 F72', faults: ['content=blank-lines', 'run=zero-byte-files'] },
  { covers: 'F109', faults: ['content=no-final-newline'] },
  { covers: 'F105', faults: ['content=doubled-lines'] },
  { covers: 'F105', faults: ['content=conflicting-lines'], incident: 'conflicting_results' },
  { covers: 'F106', faults: ['content=foreign-lines'], incident: 'unknown_ids' },
  { covers: 'F101', faults: ['content=text-bodies'], incident: 'text_bodies' },
  {
    covers: 'F99 F101',
    faults: ['run:1=row-status(400@1)', 'content=text-bodies'],
    counts: { succeeded: 6, failed: 6 },
    incident: 'text_bodies',
  },
  { covers: 'F104 F107', faults: ['content:1=missing-lines(0.3)'] },
  { covers: 'F107', faults: ['content:1=unparseable-lines(0.3)'] },

  { covers: 'F40 F33', faults: ['run:1=queue-full'], batches: 3 },
  {
    covers: 'F39',
    faults: ['run:1=refuse(invalid_json_line@2)'],
    provider: 'openai',
    counts: { succeeded: 11, failed: 1 },
    batches: 3,
  },
  {
    covers: 'F11 F39 (a refusal of the whole batch)',
    faults: ['run:1=refuse(model_not_found@0)'],
    state: 'held',
    counts: { succeeded: 6, batched: 6 },
    reason: /model_not_found|held/,
  },
  { covers: 'F67', faults: ['run:1=expire(0.5)'], batches: 3 },
  { covers: 'F67 F70', faults: ['run:1=expire(0.5)', 'run:1=unfinished-absent'], counts: { succeeded: 9, missing: 3 } },
  { covers: 'F99 F65', faults: ['run:1=row-status(400@0.5)'], provider: 'openai', counts: { succeeded: 9, failed: 3 } },
  { covers: 'F64', faults: ['run:1=row-status(400@1)'], counts: { succeeded: 6, failed: 6 } },
  { covers: 'F102', faults: ['run:1=row-status(429@0.5)'], batches: 3 },
  { covers: 'F102', faults: ['run:1=row-status(500@0.5)', 'run:1=errors-in-output'], batches: 3 },
  { covers: 'F72', faults: ['run=zero-byte-files'] },
]

/** Time limits, settle wait and all: for answers never given and batches never made short ones, for a listing in between. */
const LIMIT = { 'an answer': '2s', 'a batch': '2s', 'a listing': '10s' }

function waitsOf({ inVain }: Case) {
  const waits = { ...SHORT_WAITS, retryAfterMost: '50ms', poll: '25ms', pollMost: '60ms' }
  if (!inVain) return waits
  const limit = LIMIT[inVain]
  return { ...waits, http: limit, settle: limit, unfenced: limit, pollMost: '100ms' }
}

const PROVIDERS = ['openai', 'mistral'] as const

/** `EVERY_FAULT=both npx vitest run test/faults/every-fault.test.ts` has every fault at both providers. */
const ARE_ALL_AT_BOTH = process.env['EVERY_FAULT'] === 'both'

/** Looks and downloads are the same code at both providers: of these faults each has its turn at one of them. */
function providersOf({ faults, provider }: Case, place: number): readonly (typeof PROVIDERS)[number][] {
  if (provider !== undefined) return [provider]
  const isShared = faults.every((fault) => /^(?:get|list|content|file)[:=]/.test(fault))
  return isShared && !ARE_ALL_AT_BOTH ? PROVIDERS.filter((_, index) => index === place % 2) : PROVIDERS
}

const CASES_AT_PROVIDERS = CASES.flatMap((item, place) =>
  providersOf(item, place).map((provider) => ({ ...item, provider, title: item.faults.join(' + ') })),
)

describe.concurrent('a run under faults', () => {
  it.for(CASES_AT_PROVIDERS)('$provider: $title ($covers)', async (item, { onTestFinished }) => {
    const { clock, release } = heldFaults()
    const world = await openWorld({
      onFinished: onTestFinished,
      faults: item.faults,
      config: { limits: { maxRequests: 6 } },
      waits: waitsOf(item),
      clock,
    })
    const input = await world.write('rows.jsonl', questions(ROWS))
    const output = join(world.folder, 'answers.jsonl')
    const model = item.provider === 'openai' ? 'openai/gpt-6-luna' : 'mistral/mistral-small-latest'
    const run = await startRun({
      input,
      model,
      prompt: '{{text}}',
      output,
      config: world.configPath,
      environment: world.environment,
    })
    const finished = await run.finished()
    await run.close()
    // What came too late for the run comes now.
    release()
    await world.server.drain()
    const ledger = await world.server.ledger()
    const { state = 'completed', counts = { succeeded: ROWS }, batches = 2 } = item

    expect({ state: finished.run.state, reason: finished.run.reason }).toMatchObject({ state })
    expect(pick(finished.counts)).toEqual(pick({ ...counts }))
    expect([batches].flat()).toContain(ledger.batchesCreated)
    // A row that a gateway's second batch billed is not ours to prevent, only to report.
    expect(item.incident === 'duplicate_batch' ? [] : ledger.repeated).toEqual([])
    const incidents = item.incident ? [item.incident] : []
    expect(finished.incidents.map(({ kind }) => kind)).toEqual(expect.arrayContaining(incidents))
    expect(finished.run.reason ?? '').toMatch(item.reason ?? /^/)
    expect(state === 'completed' ? await strangeAnswers(output) : []).toEqual([])
  })
})

/** The counts above zero. */
function pick(counts: Partial<RequestCounts>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}

/**
 * Lines that are not what their row should have. The simulated model repeats a prompt's nonce, so an answer that went to
 * another row shows.
 */
async function strangeAnswers(path: string): Promise<readonly string[]> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  const isStrange = (line: string, index: number): boolean => {
    const answer = JSON.parse(line) as { id: string; llm_status: string; llm_output: string | null }
    const isOwn = answer.llm_status !== 'succeeded' || answer.llm_output?.endsWith(`nonce:q-${index}`)
    return answer.id !== `q${index}` || !isOwn
  }
  return lines.length === ROWS ? lines.filter(isStrange) : [`${lines.length} lines`]
}
