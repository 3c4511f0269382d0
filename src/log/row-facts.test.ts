import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { swiftDisk as disk } from '../../test/support/swift-disk.ts'
import { BufferedWriter } from '../lib/atomic-file.ts'
import { runFolder } from '../store/run-folder.ts'
import { type RowFacts, RowFactsReader, RowFactsWriter } from './row-facts.ts'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-facts-'))
  await disk.makeFolder(runFolder(home, 'run').path)
})

afterAll(async () => {
  await rm(home, { recursive: true })
})

const PROBLEM = { code: 'invalid_json', line: 7, detail: 'not "valid" JSON\u2028' } as const

const anyRow = fc.record({
  skipped: fc.constantFrom(0, 0, 0, 2),
  id: fc.option(fc.string({ unit: 'grapheme' }), { freq: 2 }),
  problem: fc.option(fc.constant(PROBLEM), { freq: 2 }),
  shares: fc.option(fc.nat(0xffff_ffff), { freq: 2 }),
  content: fc.option(fc.string({ maxLength: 3 }), { freq: 2 }),
})

it('gives back the lines, ids, problems and shared requests of all rows, any of them on one row only', async () => {
  const folder = runFolder(home, 'run')
  const { rowFacts } = folder.portion(1)
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { maxLength: 20 }), fc.integer({ min: 1, max: 7 }), async (rows, page) => {
      let line = 0
      const facts = rows.map(({ skipped, ...rest }): RowFacts => {
        line += 1 + skipped
        return { line, ...rest }
      })
      const file = await disk.open(rowFacts, 'write')
      const hash = createHash('sha256')
      const buffer = new BufferedWriter(file, hash)
      const writer = new RowFactsWriter(buffer)
      for (const row of facts) await writer.add(row)
      await buffer.flush()
      await file.close()
      const named = { bytes: buffer.position, sha256: hash.digest('hex') }
      const rowFiles = { writer: null, rows: named, facts: named, index: null }
      const portion = { number: 1, rowCount: facts.length, requestCount: facts.length, rowFiles, sharing: null }
      const reader = new RowFactsReader({ disk, folder }, [portion])
      const read: RowFacts[] = []
      while (read.length < facts.length) read.push(...(await reader.take(Math.min(page, facts.length - read.length))))
      await reader.close()
      expect(read).toEqual(facts)
      const plain = facts.every(
        (row, at) =>
          row.line === at + 1 && !row.problem && row.id === null && row.shares === null && row.content === null,
      )
      // Nothing is written where nothing is to be told.
      expect((await disk.size(rowFacts)) === 0).toBe(plain)
    }),
    { numRuns: 60 },
  )
})
