import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ByteRange, RangeReader } from './byte-range.ts'
import { type Disk, systemDisk } from './disk.ts'

const BYTES = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + (at >> 8)) % 251))

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-ranges-'))
  for (const name of ['a', 'b']) await writeFile(join(folder, name), BYTES)
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** A disk that tells how often files were read. */
function counting(): { readonly disk: Disk; readonly reads: () => number } {
  let reads = 0
  const open: Disk['open'] = async (path, mode) => {
    const file = await systemDisk.open(path, mode)
    return {
      ...file,
      read: (position, length) => {
        reads += 1
        return file.read(position, length)
      },
    }
  }
  return { disk: { ...systemDisk, open }, reads: () => reads }
}

const anyPlace = fc
  .record({ name: fc.constantFrom('a', 'b'), offset: fc.nat(2_900_000), length: fc.nat(90_000) })
  .map(({ name, ...place }): ByteRange => ({ path: name, ...place }))

it('gives the bytes at any places, asked for in any order, several times over', async () => {
  const anyParts = fc.array(fc.array(fc.option(anyPlace), { maxLength: 6 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(anyParts, async (parts) => {
      const reader = new RangeReader(systemDisk)
      for (const part of parts) {
        const found = await reader.of(part.map((place) => place && { ...place, path: join(folder, place.path) }))
        const wanted = part.map((place) => place && BYTES.subarray(place.offset, place.offset + place.length))
        for (const [index, bytes] of found.entries())
          expect(bytes?.equals(wanted[index] ?? NONE) ?? null).toBe(wanted[index] ? true : null)
      }
      await reader.close()
    }),
    { numRuns: 50 },
  )
})

const NONE = Buffer.alloc(0)

it('reads a file that is asked for in its order with few calls', async () => {
  const { disk, reads } = counting()
  const reader = new RangeReader(disk)
  for (let offset = 0; offset < BYTES.length; offset += 10_000) {
    const [bytes] = await reader.of([{ path: join(folder, 'a'), offset, length: 10_000 }])
    expect(bytes?.equals(BYTES.subarray(offset, offset + 10_000))).toBe(true)
  }
  await reader.close()
  expect(reads()).toBeLessThanOrEqual(7)
})
