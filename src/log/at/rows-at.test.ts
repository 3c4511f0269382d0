import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { countingDisk } from '../../../test/support/counting-disk.ts'
import { swiftDisk } from '../../../test/support/swift-disk.ts'
import { BufferedWriter } from '../../lib/atomic-file.ts'
import type { PortionRecord } from '../../store/port/run.ts'
import { runFolder } from '../../store/run-folder.ts'
import { FrozenRows } from '../frozen-rows.ts'
import { type RowFacts, RowFactsReader, RowFactsWriter } from '../row-facts.ts'
import { RowIndexWriter } from './row-index.ts'
import { RowsAt } from './rows-at.ts'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-rows-'))
})

afterAll(async () => {
  await rm(home, { recursive: true })
})

const PROBLEM = { code: 'invalid_json', line: 7, detail: 'not JSON' } as const

/** A row of each kind in turn: plain, with an id, after a gap of lines, sharing, skipped; now and then a long one. */
function rowOf(at: number): { readonly facts: Omit<RowFacts, 'line'>; readonly gap: number; readonly json: string } {
  const long = at % 997 === 3 ? 'long '.repeat(80_000) : ''
  return {
    gap: at % 7 === 2 ? 2 : 0,
    facts: {
      id: at % 3 === 1 ? `id ${at} \u2028` : null,
      problem: at % 11 === 5 ? PROBLEM : null,
      shares: at % 13 === 6 && at % 11 !== 5 ? Math.floor(at / 2) : null,
      content: null,
    },
    json: JSON.stringify({ text: `${long}row ${at}`, more: 'ü\n'.repeat(at % 5) }),
  }
}

async function freeze(id: string, number: number, rows: readonly number[], firstLine: number): Promise<PortionRecord> {
  const folder = runFolder(home, id)
  await swiftDisk.makeFolder(folder.path)
  const paths = folder.portion(number)
  const files = [await swiftDisk.open(paths.rows, 'write'), await swiftDisk.open(paths.rowFacts, 'write')] as const
  const hashes = [createHash('sha256'), createHash('sha256')] as const
  const [writer, factsWriter] = [new BufferedWriter(files[0], hashes[0]), new BufferedWriter(files[1], hashes[1])]
  const factsOut = new RowFactsWriter(factsWriter)
  const index = new RowIndexWriter()
  let line = firstLine
  let requestCount = 0
  for (const at of rows) {
    const { facts, gap, json } = rowOf(at)
    line += 1 + gap
    const row = { ...facts, line }
    index.add(row, writer.position, factsWriter.position)
    await writer.writeText(`${json}\n`)
    await factsOut.add(row)
    if (row.problem === null && row.shares === null) requestCount += 1
  }
  for (const each of [writer, factsWriter]) await each.flush()
  for (const file of files) await file.close()
  const rowFiles = {
    writer: null,
    rows: { bytes: writer.position, sha256: hashes[0].digest('hex') },
    facts: { bytes: factsWriter.position, sha256: hashes[1].digest('hex') },
    index: await index.write(swiftDisk, paths.rowIndex),
  }
  return { number, rowCount: rows.length, requestCount, rowFiles, sharing: null }
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}

it('reads rows by their numbers as they are in sequence, with their lines, ids, problems and requests', async () => {
  const portions = [
    await freeze('whole', 1, range(0, 3_000), 0),
    await freeze('whole', 2, range(3_000, 3_010), 4_000),
    await freeze('whole', 3, range(3_010, 4_500), 5_000),
  ]
  const ports = { disk: swiftDisk, folder: runFolder(home, 'whole') }
  const facts = await new RowFactsReader(ports, portions).take(4_500)
  const texts = await new FrozenRows(ports, portions).take(4_500)
  let next = 0
  const wanted = facts.map((row, at) => {
    const isOwn = row.problem === null && row.shares === null
    const request = isOwn ? next : row.shares
    if (isOwn) next += 1
    return { ...row, row: at, request, json: texts[at] }
  })
  const rows = await RowsAt.open(ports, portions)
  expect(rows.rowCount).toBe(4_500)
  for (const [from, to] of [
    [0, 5],
    [510, 514],
    [2_990, 3_020],
    [3_005, 3_006],
    [4_499, 4_600],
    [0, 4_500],
  ] as const) {
    expect(await rows.read(from, to, true)).toEqual(wanted.slice(from, to))
  }
  expect(await rows.read(1_000, 1_001, false)).toEqual([{ ...wanted[1_000], json: null }])
  for (const request of [0, 700, 2_000, next - 1]) {
    const { request: first, requestEnd, row, rowEnd } = rows.block(rows.blockOfRequest(request))
    expect(first <= request && request < requestEnd).toBe(true)
    expect(wanted.slice(row, rowEnd).some((one) => one.request === request)).toBe(true)
  }
})

it('reads no more in the middle of many rows than at their beginning', async () => {
  const folder = runFolder(home, 'many')
  const portion = await freeze('many', 1, range(0, 20_000), 0)
  const { bytes, disk } = countingDisk(swiftDisk)
  const rows = await RowsAt.open({ disk, folder }, [portion])
  const opened = bytes()
  await rows.read(10_000, 10_050, true)
  expect(opened).toBeLessThan(20_000)
  expect(bytes() - opened).toBeLessThan(1_000_000)
  expect(portion.rowFiles.rows.bytes).toBeGreaterThan(8_000_000)
})
