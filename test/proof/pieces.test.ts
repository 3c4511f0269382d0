import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gather, isProved } from '../../proof/gathered.ts'
import { type KeptPiece, KeptPieces } from '../../proof/kept-pieces.ts'
import { partsIn, piecesOf } from '../../proof/parts.ts'
import { renderReport } from '../../proof/report.ts'
import { Tally } from '../../proof/tally.ts'

const SOURCE = { name: 'commit 1a2b3c4', digest: 'one' }

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llm-batch-pieces-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A piece of seeds in which nothing went wrong but what is said. */
function seeds(from: number, count: number, failed: readonly string[] = []): Omit<KeptPiece<'seeds'>, 'source'> {
  const tally = new Tally()
  for (let seed = from; seed < from + count; seed += 1) {
    const name = `seed ${seed}`
    const violations = failed.includes(name) ? [{ metric: 'lost', detail: 'a row' } as const] : []
    tally.add({ name, violations, reached: ['network: hangs on create'], steps: 2, crashes: 1, digest: '' })
  }
  return { part: 'seeds', from, count, goal: 20_000, seconds: 1, value: tally.record() }
}

describe('the pieces of a part', () => {
  it('are cut at the same places wherever a proof begins', () => {
    expect(piecesOf('seeds', { from: 1, count: 2_500 })).toEqual([
      { from: 1, count: 1_000 },
      { from: 1_001, count: 1_000 },
      { from: 2_001, count: 500 },
    ])
    expect(piecesOf('seeds', { from: 900, count: 200 })).toEqual([
      { from: 900, count: 101 },
      { from: 1_001, count: 99 },
    ])
  })

  it('belong to parts that are carried out in their order, and a part of another name is refused', () => {
    expect(partsIn('real,seeds')).toEqual(['seeds', 'real'])
    expect(partsIn('')).toEqual([])
    expect(() => partsIn('seeds,reel')).toThrow('reel')
  })
})

describe('pieces that were carried out', () => {
  it('tell where to look first for a defect in other sources', () => {
    const caught = { name: 'seed 7', violations: [{ metric: 'lost', detail: 'a row' } as const] }
    const defect = { part: 'defects', count: 1, goal: 2, seconds: 1 } as const
    const kept = new KeptPieces(folder, SOURCE)
    kept.keep<'defects'>({ ...defect, from: 1, value: { name: 'a row is lost', caught } })
    kept.keep<'defects'>({ ...defect, from: 2, value: { name: 'nothing shows', caught: null } })
    expect(kept.casesBefore()).toEqual(new Map())
    const next = new KeptPieces(folder, { name: 'commit 5d6e7f8', digest: 'other' })
    expect(next.casesBefore()).toEqual(new Map([['a row is lost', 'seed 7']]))
    expect(next.has('defects', { from: 1, count: 1 })).toBe(false)
  })

  it('are there for the next proof of the same sources, each case once', () => {
    const kept = new KeptPieces(folder, SOURCE)
    kept.keep(seeds(1, 80))
    kept.keep(seeds(1, 1_000))
    kept.keep(seeds(1_001, 1_000, ['seed 1500']))
    const again = new KeptPieces(folder, SOURCE)
    expect(again.has('seeds', { from: 1, count: 800 })).toBe(true)
    expect(again.has('seeds', { from: 1_500, count: 1_000 })).toBe(false)
    const proof = gather(again)
    expect(proof.seeds).toMatchObject({ cases: 2_000, steps: 4_000, crashes: 2_000 })
    expect(proof.seeds.failures.map(({ name }) => name)).toEqual(['seed 1500'])
    expect(isProved(proof)).toBe(false)
  })

  it('are not taken for other sources, whatever these are called', () => {
    new KeptPieces(folder, SOURCE).keep(seeds(1, 1_000))
    const other = new KeptPieces(folder, { ...SOURCE, digest: 'two' })
    expect(other.has('seeds', { from: 1, count: 1_000 })).toBe(false)
    expect(gather(other).seeds.cases).toBe(0)
  })

  it('say in the report what is missing, and what the sources were called', () => {
    new KeptPieces(folder, { ...SOURCE, name: 'commit 0000000 with changes' }).keep(seeds(1, 1_000))
    const report = renderReport(gather(new KeptPieces(folder, SOURCE)), new Date(0))
    expect(report).toContain('**This is not the whole proof.**')
    expect(report).toContain('- seeds: 1000 of 20000')
    expect(report).toContain('- steps: nothing')
    expect(report).toContain('carried out at commit 0000000 with changes')
    expect(report).toContain('| not run |')
  })
})
