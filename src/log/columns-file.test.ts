import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer } from '../../test/support/stored-run.ts'
import { swiftDisk as disk } from '../../test/support/swift-disk.ts'
import type { FileFacts } from '../model/file-facts.ts'
import { OUTCOME_STATUSES } from '../model/outcome.ts'
import type { RequestResult } from '../model/request-result.ts'
import { BatchPlan, PlanBuilder } from './batch-plan.ts'
import { type ColumnSet, readColumns, writeColumns } from './columns-file.ts'
import { Outcomes } from './outcomes.ts'
import { RowWeights, WeightCounter } from './row-weights.ts'

let folder: string
let path: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-columns-'))
  path = join(folder, 'some.columns')
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

const anySet: fc.Arbitrary<ColumnSet> = fc.nat(20).chain((length) => {
  const all = { minLength: length, maxLength: length }
  const anyNumber = fc.oneof(fc.double(), fc.maxSafeNat())
  return fc.record({
    length: fc.constant(length),
    columns: fc.record({
      small: fc.uint8Array(all),
      'with "quotes"\n': fc.uint16Array(all),
      large: fc.uint32Array(all),
      real: fc.array(anyNumber, all).map((numbers) => Float64Array.from(numbers)),
    }),
    texts: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }),
  })
})

describe('a file of columns', () => {
  it('gives back what was written, whatever its length and its texts', async () => {
    await fc.assert(
      fc.asyncProperty(anySet, async (set) => {
        expect(await readColumns(disk, path, 'some', await writeColumns(disk, path, 'some', set))).toEqual(set)
      }),
      { numRuns: 60 },
    )
  })

  it('holds of a column only the entries that there are, where more memory was taken', async () => {
    const set = { length: 2, columns: { one: Uint32Array.of(1, 2, 3, 4).subarray(1) }, texts: [] }
    const facts = await writeColumns(disk, path, 'some', set)
    expect((await readColumns(disk, path, 'some', facts))?.columns['one']).toEqual(Uint32Array.of(2, 3))
  })

  it('that the catalog names, and that holds something else, is a mistake of ours', async () => {
    const facts = await writeColumns(disk, path, 'some', { length: 0, columns: {}, texts: [] })
    await expect(readColumns(disk, path, 'other', facts)).rejects.toMatchObject({
      code: 'disk',
      message: `${path} holds no other of this version`,
    })
  })
})

const SET = { length: 3, columns: { one: Uint8Array.of(1, 2, 3), two: Float64Array.of(1, 2, 3) }, texts: ['a', 'b'] }

describe('a file of columns that is not the one that the catalog names', () => {
  let facts: FileFacts

  async function written(): Promise<Buffer> {
    facts = await writeColumns(disk, path, 'some', SET)
    return await readFile(path)
  }

  const read = async (): Promise<ColumnSet | undefined> => await readColumns(disk, path, 'some', facts)

  it('is not believed with any bit of it changed', async () => {
    const bytes = await written()
    for (const [at, byte] of bytes.entries()) {
      const damaged = Buffer.from(bytes)
      damaged[at] = byte ^ (1 << (at % 8))
      await writeFile(path, damaged)
      expect(await read()).toBeUndefined()
    }
    await writeFile(path, bytes)
    expect(await read()).toEqual(SET)
  })

  it('is not believed cut off, with zeros in place of its end, or longer', async () => {
    const bytes = await written()
    for (const length of [0, 1, 40, bytes.length - 1]) {
      await writeFile(path, bytes)
      await truncate(path, length)
      expect(await read()).toBeUndefined()
      await truncate(path, bytes.length)
      expect(await read()).toBeUndefined()
    }
    await writeFile(path, Buffer.concat([bytes, Buffer.from('\n')]))
    expect(await read()).toBeUndefined()
  })

  it('is not believed where it is absent, or a folder', async () => {
    await written()
    await rm(path)
    expect(await read()).toBeUndefined()
    facts = { bytes: 4096, sha256: '' }
    expect(await readColumns(disk, folder, 'some', facts)).toBeUndefined()
  })

  it('is not believed where another batch left it under that name, and is written over', async () => {
    await written()
    const other = { ...SET, columns: { ...SET.columns, one: Uint8Array.of(1, 2, 4) } }
    const others = await writeColumns(disk, path, 'some', other)
    expect(others.bytes).toBe(facts.bytes)
    expect(await read()).toBeUndefined()
    await writeFile(`${path}.partial`, 'left over by a crash, and longer than what is written now'.repeat(99))
    expect(await writeColumns(disk, path, 'some', SET)).toEqual(facts)
    expect(await read()).toEqual(SET)
  })
})

const anyText = fc.option(fc.constantFrom('length', 'a "\u2028"', '', 'server_error'))
const anyCount = fc.option(fc.nat(0xffff_fffe))

const anyResult: fc.Arbitrary<RequestResult> = fc
  .record({
    status: fc.constantFrom(...OUTCOME_STATUSES),
    code: anyText,
    reason: fc.option(fc.string()),
    billed: fc.constantFrom('yes', 'no', 'unknown'),
    promptTokens: anyCount,
    completionTokens: anyCount,
    cachedTokens: anyCount,
    reasoningTokens: anyCount,
    cacheWriteTokens: anyCount,
    hourWriteTokens: anyCount,
    model: anyText,
    place: fc.option(
      fc.record({
        file: fc.constantFrom('output', 'error'),
        offset: fc.maxSafeNat(),
        length: fc.nat(0xffff_ffff),
        crc32: fc.nat(0xffff_ffff),
      }),
    ),
    verdict: fc.constantFrom('final', 'again'),
    countsAsTry: fc.boolean(),
  })
  .map(({ place, ...result }) => ({ ...result, ...(place ?? { file: null, offset: null, length: null, crc32: null }) }))

describe('outcomes', () => {
  it('give back every result, the last one of each request, before and after they were on disk', async () => {
    const anyResults = fc.array(fc.tuple(fc.nat(11), anyResult), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(anyResults, anyResults, async (first, later) => {
        const outcomes = Outcomes.empty(12)
        const expected: (RequestResult | undefined)[] = Array(12).fill(undefined)
        const set = (into: Outcomes, results: typeof first): void => {
          for (const [index, result] of results) {
            into.set(index, result)
            expected[index] = result
          }
        }
        const asRead = (from: Outcomes) => expected.map((_, index) => from.at(index))
        set(outcomes, first)
        expect(asRead(outcomes)).toEqual(expected)
        const read = await Outcomes.read(disk, path, await outcomes.write(disk, path))
        if (!read) throw new Error('not read')
        expect(asRead(read)).toEqual(expected)
        // What was read may be written on.
        set(read, later)
        expect(asRead(read)).toEqual(expected)
        for (const [index, result] of expected.entries()) {
          expect([read.has(index), read.isAgain(index)]).toEqual([result !== undefined, result?.verdict === 'again'])
        }
      }),
      { numRuns: 60 },
    )
  })

  it('take little room, however many there are with the same words', async () => {
    const outcomes = Outcomes.empty(1_000)
    for (let index = 0; index < 1_000; index += 1) outcomes.set(index, answer({ reason: 'the same for all' }))
    expect((await outcomes.write(disk, path)).bytes).toBeLessThan(52_500)
  })
})

const anyEntries = fc
  .uniqueArray(fc.oneof(fc.nat(9), fc.nat(0xffff_ffff)), { maxLength: 12 })
  .map((ordinals) => ordinals.sort((one, other) => one - other))
  .chain((ordinals) =>
    fc.tuple(
      ...ordinals.map((ordinal) =>
        fc.record({
          ordinal: fc.constant(ordinal),
          tries: fc.nat(9),
          turn: fc.nat(5),
          earlierUsd: fc.option(fc.double({ min: 0, max: 99, noNaN: true })),
        }),
      ),
    ),
  )

describe('the plan of a batch', () => {
  it('tells its requests, and where each of them stands, before and after it was on disk', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, async (entries) => {
        const builder = new PlanBuilder()
        for (const entry of entries) builder.add(entry)
        const facts = await builder.write(disk, path)
        const read = facts ? await BatchPlan.read(disk, path, facts) : BatchPlan.ofRange(builder.first, builder.length)
        for (const plan of [builder.plan(), read]) {
          if (!plan) throw new Error('not read')
          expect(plan.length).toBe(entries.length)
          for (const [index, { earlierUsd, ordinal, tries, turn }] of entries.entries()) {
            expect(plan.indexOf(ordinal)).toBe(index)
            expect(plan.firstFrom(ordinal)).toBe(index)
            expect([plan.ordinalAt(index), plan.triesAt(index), plan.turnAt(index)]).toEqual([ordinal, tries, turn])
            // What nobody asked before has cost nothing.
            const told = plan.earlierUsdAt(index)
            expect(tries + turn > 0 ? told : earlierUsd).toBe(earlierUsd)
          }
          for (const other of [0, 5, 10, 0xffff_ffff]) {
            const expected = entries.findIndex(({ ordinal }) => ordinal === other)
            expect(plan.indexOf(other)).toBe(expected)
            const from = entries.findIndex(({ ordinal }) => ordinal >= other)
            expect(plan.firstFrom(other)).toBe(from < 0 ? entries.length : from)
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  it('is not written where its requests count up and are new, and is where anything else is to be told', async () => {
    const factsOf = async (...entries: readonly [ordinal: number, tries: number, turn: number][]) => {
      const builder = new PlanBuilder()
      for (const [ordinal, tries, turn] of entries) builder.add({ ordinal, tries, turn, earlierUsd: 0 })
      return await builder.write(disk, path)
    }
    expect(await factsOf([7, 0, 0], [8, 0, 0])).toBeNull()
    expect(await factsOf([7, 0, 0], [9, 0, 0])).not.toBeNull()
    expect(await factsOf([7, 0, 0], [8, 1, 0])).not.toBeNull()
    expect(await factsOf([7, 0, 1], [8, 0, 0])).not.toBeNull()
  })

  it('holds no request twice, and none before another that is lower', () => {
    const builder = new PlanBuilder()
    builder.add({ ordinal: 3, tries: 0, turn: 0, earlierUsd: 0 })
    for (const ordinal of [3, 2]) {
      expect(() => builder.add({ ordinal, tries: 0, turn: 0, earlierUsd: 0 })).toThrow(RangeError)
    }
  })

  it('grows without end', () => {
    const builder = new PlanBuilder()
    for (let index = 0; index < 5_000; index += 1) builder.add({ ordinal: index * 2, tries: 1, turn: 0, earlierUsd: 0 })
    expect(builder.plan().indexOf(9_998)).toBe(4_999)
  })
})

describe('how many rows wait for a request', () => {
  it('is known of every one, before and after it was on disk', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 600 }), async (shares) => {
        const counter = new WeightCounter()
        for (const ordinal of shares) counter.add(ordinal)
        const weights = counter.weights()
        expect(weights.isEven).toBe(shares.length === 0)
        const facts = await weights.write(disk, path)
        const read = facts ? await RowWeights.read(disk, path, facts) : new RowWeights()
        for (let ordinal = 0; ordinal < 12; ordinal += 1) {
          const expected = 1 + shares.filter((one) => one === ordinal).length
          expect([weights.rowsOf(ordinal), read?.rowsOf(ordinal)]).toEqual([expected, expected])
        }
      }),
      { numRuns: 40 },
    )
  })
})
