import { expect, it } from 'vitest'
import { systemDisk } from '../../src/lib/disk.ts'
import type { RowPage } from '../../src/ui/contract.ts'
import { typeHere } from '../support/command.ts'
import { countingDisk } from '../support/counting-disk.ts'
import { openWorld } from '../support/local-world.ts'
import { openUi } from '../support/ui.ts'

const ROWS = 4_600
const FAILING = 4_300

it('answers anywhere among many rows by reading little, leaps to rare outcomes, and searches in pieces', async () => {
  const world = await openWorld()
  const row = (at: number): string => {
    const text = at === FAILING ? `rare [[simulate: status=400]]` : `${'word '.repeat(40)}${at}`
    return JSON.stringify({ text: `${text} nonce:m-${at}` })
  }
  const input = await world.write('rows.jsonl', `${Array.from({ length: ROWS }, (_, at) => row(at)).join('\n')}\n`)
  const run = ['run', input, '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '--max-requests', '1500', '--yes']
  const ended = await typeHere(world, ...run, '--no-canary', '-o', `${input}-answers.jsonl`)
  expect(ended.code).toBe(4)
  const { bytes, disk } = countingDisk(systemDisk)
  const ui = await openUi(world, { parts: { disk } })
  await ui.get('/api/runs/last/rows?limit=1')

  // A page in the middle reads its block, its answers, and the outcomes of its batch; the next one does so without these.
  const before = bytes()
  const middle = await ui.get<RowPage>('/api/runs/last/rows?at=3100&limit=50')
  expect(middle.rows.map(({ row: number }) => number)).toEqual(Array.from({ length: 50 }, (_, at) => 3_100 + at))
  expect(middle.rows.every(({ answer, status }) => status === 'succeeded' && answer !== null)).toBe(true)
  const first = bytes() - before
  await ui.get('/api/runs/last/rows?at=3150&limit=50')
  const second = bytes() - before - first
  expect([first < 900_000, second < 800_000]).toEqual([true, true])

  // Nothing is read of what cannot hold a failed row; what it finds nothing in at all takes no reading of rows.
  const looked = bytes()
  const failed = await ui.get<RowPage>('/api/runs/last/rows?status=failed')
  expect(failed).toMatchObject({ fitting: 1, next: null, rows: [{ row: FAILING, status: 'failed' }] })
  expect(await ui.get<RowPage>('/api/runs/last/rows?status=refused')).toMatchObject({
    rows: [],
    fitting: 0,
    next: null,
  })
  expect(bytes() - looked).toBeLessThan(1_500_000)

  const pages: RowPage[] = []
  for (let next: string | null = '0'; next !== null; next = pages.at(-1)?.next ?? null) {
    pages.push(await ui.get<RowPage>(`/api/runs/last/rows?q=RARE&cursor=${next}`))
  }
  expect(pages.length).toBeGreaterThan(2)
  expect(pages.map(({ from, lookedTo }) => [from, lookedTo])).toEqual(
    pages.map((page, index) => [pages[index - 1]?.lookedTo ?? 0, page.lookedTo]),
  )
  expect(pages.flatMap(({ rows }) => rows.map(({ row: number }) => number))).toEqual([FAILING])
})

it('gives fewer rows to a page where records are long, and goes on behind them', async () => {
  const world = await openWorld()
  const long = 'long '.repeat(1_400_000)
  const rows = [long, long, long, 'short'].map((text, at) => JSON.stringify({ text: `${at}`, picture: text }))
  const input = await world.write('rows.jsonl', `${rows.join('\n')}\n`)
  const run = ['run', input, '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '--yes', '--no-wait']
  expect((await typeHere(world, ...run, '-o', `${input}-answers.jsonl`)).code).toBe(75)
  const ui = await openUi(world)
  const first = await ui.get<RowPage>('/api/runs/last/rows')
  expect(first).toMatchObject({ rows: [{ row: 0 }, { row: 1 }, { row: 2 }], lookedTo: 3, next: '3', total: 4 })
  expect(first.rows.map(({ input: { isCut, text } }) => [text.length, isCut])).toEqual([1, 2, 3].map(() => [1, false]))
  expect(await ui.get<RowPage>('/api/runs/last/rows?cursor=3')).toMatchObject({ rows: [{ row: 3 }], next: null })
  expect((await (await ui.ask('/api/runs/last/rows/0/text?part=input')).text()).length).toBeGreaterThan(7_000_000)
})
