import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  BatchPage,
  EventPage,
  RowDetail,
  RowLine,
  RowPage,
  RunDetail,
  RunList,
  ValuePage,
} from '../../src/ui/contract.ts'
import { typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { textsBelow } from '../support/texts-below.ts'
import { type OpenedUi, openUi } from '../support/ui.ts'

const cleans: (() => Promise<void>)[] = []
const onFinished = (clean: () => Promise<void>): void => void cleans.unshift(clean)

const HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)> \u001b[31mred\u202e \u0000'

/** By row: what the simulated model does with it; all others are answered. */
const DIRECTIVES: Readonly<Record<number, string>> = {
  3: '[[simulate: status=400]]',
  17: '[[simulate: refusal]]',
  41: '[[simulate: length]]',
  42: '[[simulate: status=500 times=1]]',
  55: '[[simulate: status=400]]',
}
const ROWS = 60
const SKIPPED = 20

let world: LocalWorld
let ui: OpenedUi

beforeAll(async () => {
  world = await openWorld({
    onFinished,
    answer: (body) => {
      const asked = JSON.stringify(body)
      if (asked.includes('[[')) return undefined
      const label = Number(/nonce:n-(\d+)/.exec(asked)?.[1]) % 4 === 0 ? 'refund' : 'other'
      return asked.includes('<script>') ? HOSTILE : JSON.stringify({ label, tags: ['a', label] })
    },
  })
  const row = (at: number): string => {
    if (at === SKIPPED) return '{"id":"t20","text":7'
    const text = `Question ${at} ${at === 7 ? HOSTILE : ''} ${DIRECTIVES[at] ?? ''} nonce:n-${at}`
    return JSON.stringify({ id: `t${at}`, text: at === 33 ? `Question 32  ${DIRECTIVES[32] ?? ''} nonce:n-32` : text })
  }
  const input = await world.write('rows.jsonl', `${Array.from({ length: ROWS }, (_, at) => row(at)).join('\n')}\n`)
  const run = ['run', input, '--model', 'openai/gpt-6-luna', '--prompt', 'Label: {{text}}', '--id-column', 'id']
  const words = ['--max-requests', '20', '--skip-invalid', '--max-cost', '5', '--yes', '--dedupe', '-o']
  const ended = await typeHere(world, ...run, ...words, join(world.folder, 'one.jsonl'), '--name', 'one')
  if (ended.code !== 4) throw new Error(ended.stderr)
  ui = await openUi(world, { onFinished })
})

afterAll(async () => {
  for (const clean of cleans) await clean()
})

async function allRows(query: string): Promise<readonly RowLine[]> {
  const rows: RowLine[] = []
  let next: string | null = '0'
  while (next !== null) {
    const page: RowPage = await ui.get(`/api/runs/one/rows?cursor=${next}&${query}`)
    rows.push(...page.rows)
    next = page.next
  }
  return rows
}

describe('the page’s server', () => {
  it('lists runs with their counts and money, and one with its causes, models and question', async () => {
    const { runs, total } = await ui.get<RunList>('/api/runs')
    expect([runs.length, total]).toEqual([1, 1])
    const COUNTS = { succeeded: 55, failed: 2, refused: 1, truncated: 1, skipped: 1, pending: 0, batched: 0 }
    expect(runs[0]).toMatchObject({
      name: 'one',
      state: 'completed',
      rows: ROWS,
      requests: 58,
      doneRows: ROWS,
      failedRows: 5,
      sharedRows: 1,
      counts: COUNTS,
      isWorkedOn: false,
      isLeft: false,
      spent: { capUsd: 5, reservedUsd: 0 },
    })
    const detail = await ui.get<RunDetail>('/api/runs/last')
    expect(detail).toMatchObject({
      id: runs[0]?.id,
      asked: { prompt: 'Label: {{text}}', hasSchema: false },
      answers: { path: join(world.folder, 'one.jsonl'), isThere: true },
      columns: ['id', 'text'],
      models: [{ model: 'gpt-6-luna', results: 59 }],
      retryableRows: { unbilled: 2, billed: 2 },
    })
    expect(detail.spent.totalUsd).toBeGreaterThan(0)
    expect(detail.spent.totalUsd).toBe(detail.models[0]?.totalUsd)
    expect(detail.throughput.ended.reduce((sum, requests) => sum + requests, 0)).toBe(59)
    expect(detail.causes.map(({ code, example, rows, status }) => [status, code, rows, example])).toEqual([
      ['failed', 'invalid_value', 2, { row: 3, id: 't3' }],
      ['refused', 'refusal', 1, { row: 17, id: 't17' }],
      ['truncated', 'length', 1, { row: 41, id: 't41' }],
    ])
    const batches = await ui.get<BatchPage>('/api/runs/one/batches?limit=3')
    expect([batches.total, batches.next, detail.batchCount]).toEqual([4, '3', 4])
    expect(batches.batches[0]).toMatchObject({ batch: 1, phase: 'collected', requests: 20, attempt: 1 })
    expect(batches.batches[0]?.counts).toEqual({ succeeded: 18, failed: 1, refused: 1 })
    const events = await ui.get<EventPage>('/api/runs/one/events?limit=2')
    const older = await ui.get<EventPage>(`/api/runs/one/events?cursor=${events.next}`)
    const log = await readFile(join(world.home, 'runs', detail.id, 'log.jsonl'), 'utf8')
    const lines = log.trim().split('\n')
    expect([...events.events, ...older.events].map((event) => JSON.stringify(event))).toEqual(lines.toReversed())
    expect(older.next).toBeNull()
  })

  it('pages through rows in input order from anywhere, and finds those that fit', async () => {
    const rows = await allRows('limit=7')
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: ROWS }, (_, at) => at))
    const middle = await ui.get<RowPage>('/api/runs/one/rows?at=30&limit=2')
    expect(middle).toMatchObject({ from: 30, lookedTo: 32, next: '32', total: ROWS, fitting: ROWS })
    expect(middle.rows).toEqual(rows.slice(30, 32))
    expect(rows[33]).toMatchObject({
      id: 't33',
      isShared: true,
      status: 'succeeded',
      costUsd: 0,
      batch: rows[32]?.batch,
    })
    expect(rows[SKIPPED]).toMatchObject({
      id: '21',
      status: 'skipped',
      code: 'invalid_json',
      batch: null,
      input: { text: '' },
    })
    expect(rows[42]).toMatchObject({ status: 'succeeded', tries: 2, questions: 1, batch: 4 })

    const found = async (query: string): Promise<readonly string[]> => (await allRows(query)).map(({ id }) => id)
    expect(await found('status=failed')).toEqual(['t3', 't55'])
    expect(await found('status=refused&status=truncated')).toEqual(['t17', 't41'])
    expect(await found('status=failed&code=invalid_value&limit=1')).toEqual(['t3', 't55'])
    expect(await found('status=skipped')).toEqual(['21'])
    expect(await found('asked=2')).toEqual(['t42'])
    expect(await found('batch=4')).toEqual(['t42'])
    expect(await found('q=QUESTION%205&status=succeeded')).toEqual(
      ['t5', ...Array.from({ length: 10 }, (_, at) => `t${50 + at}`)].filter((id) => id !== 't55'),
    )
    expect(await found('q=onerror')).toEqual(['t7'])
    expect(await found('q=nowhere')).toEqual([])
    const { fitting } = await ui.get<RowPage>('/api/runs/one/rows?status=failed&status=skipped')
    expect(fitting).toBe(3)
    const mistyped = await ui.ask('/api/runs/one/rows?status=fail')
    expect([mistyped.status, await mistyped.json()]).toMatchObject([400, { error: { code: 'usage', next: /failed/ } }])
  })

  it('shows one row whole, and what is hostile in it as data', async () => {
    const hostile = await ui.get<RowDetail>('/api/runs/one/rows/7')
    expect(hostile).toMatchObject({ before: 6, after: 8, answer: { text: HOSTILE, isCut: false }, isJson: false })
    expect(hostile.request?.turns).toEqual([{ role: 'user', text: expect.stringContaining(HOSTILE) }])
    expect(JSON.parse(hostile.input.text)).toMatchObject({ id: 't7' })
    expect(hostile.raw?.text).toContain(hostile.request?.wireId)
    for (const [part, type] of [
      ['', 'application/json; charset=utf-8'],
      ['/text?part=answer', 'text/plain; charset=utf-8'],
      ['/text?part=raw', 'text/plain; charset=utf-8'],
    ]) {
      const { headers } = await ui.ask(`/api/runs/one/rows/7${part}`)
      expect([headers.get('content-type'), headers.get('x-content-type-options')]).toEqual([type, 'nosniff'])
    }
    expect(await (await ui.ask('/api/runs/one/rows/7/text?part=answer')).text()).toBe(HOSTILE)
    expect((await ui.ask('/api/runs/one/rows/3/text?part=answer')).status).toBe(404)

    const again = await ui.get<RowDetail>('/api/runs/one/rows/42')
    expect(again.asked.map(({ batch, billed, code, status }) => [batch, status, code, billed])).toEqual([
      [3, 'failed', 'server_error', 'no'],
      [4, 'succeeded', null, 'yes'],
    ])
    const failed = await ui.get<RowDetail>('/api/runs/one/rows/3')
    expect(failed).toMatchObject({ error: expect.stringMatching(/^invalid_value: /), answer: null, isDamaged: false })
    const skipped = await ui.get<RowDetail>(`/api/runs/one/rows/${SKIPPED}`)
    expect(skipped).toMatchObject({ problem: { code: 'invalid_json' }, request: null, asked: [] })
    for (const path of [
      '/api/runs/one/rows/60',
      '/api/runs/none',
      '/api/runs/one/rows/x',
      '/api/runs/one/rows/1/text',
    ]) {
      expect([path, (await ui.ask(path)).status]).toEqual([
        path,
        path.includes('60') || path.includes('none') ? 404 : 400,
      ])
    }
  })

  it('counts the values of a field, of answers that are JSON', async () => {
    const page = await ui.get<ValuePage>('/api/runs/one/values?field=label')
    expect(page.fields).toEqual(['', 'label', 'tags[]'])
    expect(page.values).toEqual([
      { value: 'other', rows: 38, exampleRow: 1 },
      { value: 'refund', rows: 15, exampleRow: 0 },
    ])
    expect(page).toMatchObject({ from: 0, lookedTo: ROWS, total: ROWS, next: null, otherRows: 0 })
    expect((await ui.get<ValuePage>('/api/runs/one/values')).field).toBe('label')
  })

  it('changes no file of the home, and tells damage instead of repairing it', async () => {
    const before = await filesBelow(world.home)
    const { id } = await ui.get<RunDetail>('/api/runs/one')
    for (const path of ['', '/batches', '/rows', '/rows?status=failed', '/rows?q=x', '/rows/5', '/values', '/events']) {
      expect((await ui.ask(`/api/runs/${id}${path}`)).status).toBe(200)
    }
    expect(await filesBelow(world.home)).toEqual(before)
    const [outcomes] = before.filter(({ path }) => /results.*\.columns$/.test(path))
    await rm(outcomes?.path ?? '')
    const other = await openUi(world)
    const answer = await other.ask('/api/runs/one/rows')
    expect([answer.status, await answer.json()]).toMatchObject([500, { error: { code: 'disk' } }])
    // What the catalog tells is there all the same.
    const { causes } = await other.get<RunDetail>('/api/runs/one')
    expect(causes.map(({ example, rows }) => [rows, example])).toContainEqual([1, null])
    expect((await filesBelow(world.home)).length).toBe(before.length - 1)
  })
})

/** The files of a home, but for the memory that its readers share. */
async function filesBelow(home: string) {
  return (await textsBelow(home)).filter(({ path }) => !path.endsWith('-shm'))
}
