import { describe, expect, it } from 'vitest'
import { carryOut } from '../../proof/carry-out.ts'
import { CLOCKS_APART, machinesOfSeed } from '../../proof/random-machines.ts'

/** `npm run prove -- --parts machines` carries out more; `--replay "two machines 17"` shows one, step by step. */
const SEEDS = [
  1, 2, 3, 5,
  // Processes that woke up and removed or replaced the result files that their successors had fetched.
  136, 221,
]

describe('a run in a home that two simulated machines share', () => {
  it.each(SEEDS)(
    'pays once, loses nothing and refuses what a fenced process writes (two machines %i)',
    async (seed) => {
      expect((await carryOut(machinesOfSeed(seed))).violations).toEqual([])
    },
  )

  it('waits as long on a machine whose clock is ahead for what another machine has begun to wait for', async () => {
    expect((await carryOut(CLOCKS_APART)).violations).toEqual([])
  })

  it('goes the same way again for the same seed, in which a fenced process is refused and its create comes late', async () => {
    const [one, other] = [await carryOut(machinesOfSeed(1)), await carryOut(machinesOfSeed(1))]
    expect(one.trace).toEqual(other.trace)
    expect(one.reached).toEqual(
      expect.arrayContaining(
        [
          'run taken over from a silent process',
          'write of a fenced process refused',
          'create sent by a fenced process',
        ].map((consequence) => `machine: ${consequence}`),
      ),
    )
  })
})
