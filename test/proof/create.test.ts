import { describe, expect, it } from 'vitest'
import { carryOut } from '../../proof/carry-out.ts'
import { createCells } from '../../proof/create-cells.ts'

const CELLS = createCells()

/** `npm run prove` carries out all of them; here every so-many-th, over all providers and answers. */
const chosen = CELLS.filter((_, place) => place % 7 === 0)

describe('a create', () => {
  it('is enumerated: effect, answer, listing and look, at every provider, each cell once', () => {
    const names = CELLS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(1_000)
  })

  it.each(chosen)('is paid once and found again: $name', async (cell) => {
    expect((await carryOut(cell)).violations).toEqual([])
  })
})
