import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleRow } from '../../test/support/row-outcomes.ts'
import { joinByKey, joinByPlace, joinCounts, type KeyOf, type RowStream } from './join-rows.ts'
import { rowLooker } from './row-view.ts'

const look = rowLooker(() => null)

const byId: KeyOf = ({ row }) => row.id

async function* streamOf(ids: readonly (string | null)[], length = 3): RowStream {
  for (let at = 0; at < ids.length; at += length) {
    yield ids.slice(at, at + length).map((id, index) => look(sampleRow(at + index, { id })))
  }
}

async function joined(runs: readonly (readonly (string | null)[])[], mostHeld?: number) {
  const counts = joinCounts(runs.length)
  const groups: (readonly string[])[] = []
  const keys = runs.map(() => byId)
  for await (const rows of joinByKey(
    runs.map((ids) => streamOf(ids)),
    keys,
    counts,
    mostHeld,
  )) {
    groups.push(rows.map(({ row }) => `${row.id}@${row.ordinal}`))
  }
  return { groups, counts }
}

/** The k-th row with a key of one run belongs to the k-th with it of the others. */
function byHand(runs: readonly (readonly (string | null)[])[]) {
  const groups: string[][] = []
  const alone = runs.map(() => 0)
  for (const key of new Set(runs.flat())) {
    if (key === null) continue
    const places = runs.map((ids) => ids.flatMap((id, place) => (id === key ? [place] : [])))
    const most = Math.min(...places.map((list) => list.length))
    for (let k = 0; k < most; k += 1) groups.push(places.map((list) => `${key}@${list[k]}`))
    for (const [run, list] of places.entries()) alone[run] = (alone[run] ?? 0) + list.length - most
  }
  return { groups, counts: { alone, withoutKey: runs.map((ids) => ids.filter((id) => id === null).length) } }
}

describe('joining by a key', () => {
  it('finds the same partners as looking by hand, in any order, with doubles, gaps and rows without a key', async () => {
    const ids = fc.array(fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(ids, { minLength: 2, maxLength: 3 }), async (runs) => {
        const { counts, groups } = await joined(runs)
        const expected = byHand(runs)
        expect(groups.map((group) => group.join()).sort()).toEqual(expected.groups.map((group) => group.join()).sort())
        expect(counts).toEqual(expected.counts)
      }),
    )
  })

  it('holds hardly a row where the runs are sorted alike, whatever their lengths', async () => {
    const long = Array.from({ length: 5_000 }, (_, index) => `k${index}`)
    const { groups } = await joined([long, long.filter((_, index) => index % 100 > 0)], 200)
    expect(groups).toHaveLength(4_950)
    // The rest of the long one has no partner left, and is not held.
    expect((await joined([long, ['k4999', 'k1']], 10)).groups).toEqual([
      ['k1@1', 'k1@1'],
      ['k4999@4999', 'k4999@0'],
    ])
  })

  it('says so where too many rows would wait', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `k${index}`)
    await expect(joined([ids, ids.toReversed()], 50)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('51 rows wait') as string,
    })
  })
})

async function placed(...streams: readonly RowStream[]): Promise<readonly string[]> {
  const groups: string[] = []
  for await (const rows of joinByPlace(streams)) groups.push(rows.map(({ row }) => row.id).join('='))
  return groups
}

describe('joining by place', () => {
  it('pairs rows of equal runs, and refuses runs that are not', async () => {
    expect(await placed(streamOf(['a', 'b', 'c'], 1), streamOf(['x', 'y', 'z'], 2))).toEqual(['a=x', 'b=y', 'c=z'])
    await expect(placed(streamOf(['a']), streamOf(['x', 'y']))).rejects.toThrow(/different numbers/)
  })
})
