import { describe, expect, it } from 'vitest'
import { expectExit, typedFirst, typeHere } from '../support/command.ts'
import { finish, PROVIDERS, SHORT_WAITS, startIn } from '../support/fault-run.ts'
import { heldClock } from '../support/held-clock.ts'
import { openWorld, questions } from '../support/local-world.ts'

const ROWS = 4

/** What keeps results away for good, as far as a client can see. */
const GONE = [
  { what: 'the batch is no longer known', fault: 'get:2+=status(404)', code: /no longer knows/ },
  { what: 'the result files are gone', fault: 'content=status(404)', code: /cannot be found/ },
]

describe.each(PROVIDERS)('a held batch whose results will not come (%s)', (provider) => {
  it.each(GONE)(
    'is settled as missing when the run is cancelled, and bought again only by name: $what',
    async (item) => {
      const carryOut = provider === 'openai' ? typedFirst(GONE, item) : typeHere
      const waits = { ...SHORT_WAITS, absent: '300ms' }
      const { clock, release } = heldClock()
      if (!item.fault.startsWith('get:')) release()
      const world = await openWorld({ faults: [item.fault], waits, clock })
      const run = await startIn(world, provider, questions(ROWS))
      const held = await finish(run)
      release()
      expect(held.run).toMatchObject({ state: 'held', reason: expect.stringMatching(item.code) })

      expectExit(await carryOut(world, 'cancel', 'last', '--config', world.configPath), 0)
      const plain = await typeHere(world, 'retry', 'last', '--config', world.configPath)
      expect(plain.stderr + plain.stdout).not.toContain(`${ROWS} rows succeeded`)
      expect((await world.server.ledger()).batchesCreated).toBe(1)

      world.server.setFaults([])
      const again = ['retry', 'last', '--status', 'missing', '--yes', '--config', world.configPath]
      expectExit(await typeHere(world, ...again), 0)
      const ledger = await world.server.ledger()
      expect(ledger).toMatchObject({ batchesCreated: 2, rowsBilledAgain: ROWS })
    },
  )
})
