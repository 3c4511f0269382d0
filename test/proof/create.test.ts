import { describe, expect, it } from 'vitest'
import { carryOut } from '../../proof/carry-out.ts'
import { createCells } from '../../proof/create-cells.ts'
import type { Plan } from '../../proof/plan.ts'

const CELLS = createCells()

/** What two parts of a cell have in common with other cells: an effect and its answer, an answer and a provider. */
function pairsIn({ name }: Plan): readonly string[] {
  const parts = name.split(', ')
  return parts.flatMap((part, place) => parts.slice(place + 1).map((other) => `${part}, ${other}`))
}

/** Few cells in which any two parts meet that meet in any cell: the one that brings most is taken first. */
function pairwise(cells: readonly Plan[]): readonly Plan[] {
  const open = new Set(cells.flatMap(pairsIn))
  const left = cells.map((cell) => ({ cell, most: pairsIn(cell).length }))
  const chosen: Plan[] = []
  while (open.size > 0) {
    let best = { pairs: 0, cell: undefined as Plan | undefined }
    for (const one of left) {
      // A cell never brings more than when it was looked at last.
      if (one.most <= best.pairs) continue
      one.most = pairsIn(one.cell).filter((pair) => open.has(pair)).length
      if (one.most > best.pairs) best = { pairs: one.most, cell: one.cell }
    }
    if (best.cell === undefined) throw new Error('a pair is in no cell')
    chosen.push(best.cell)
    for (const pair of pairsIn(best.cell)) open.delete(pair)
  }
  return chosen
}

describe('a create', () => {
  it('is enumerated: effect, answer, listing and look, at every provider, each cell once', () => {
    const names = CELLS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(1_000)
  })

  // `npm run prove` carries out all of them.
  it.each(pairwise(CELLS))('is paid once and found again: $name', async (cell) => {
    expect((await carryOut(cell)).violations).toEqual([])
  })
})
