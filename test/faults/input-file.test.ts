import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { finish, PROVIDERS, startIn } from '../support/fault-run.ts'
import { openWorld, questions } from '../support/local-world.ts'

describe.each(PROVIDERS)('a planned input file whose bytes have changed on disk (%s)', (provider) => {
  it('is held, its upload is discarded, and no batch is made of it', async () => {
    const world = await openWorld()
    const run = await startIn(world, provider, questions(3))
    const inputs = join(world.home, 'runs', run.id, 'inputs')
    const [name = ''] = await readdir(inputs)
    const text = await readFile(join(inputs, name), 'utf8')
    await writeFile(join(inputs, name), text.replace('about nothing', 'about sething'))
    const { counts, run: record } = await finish(run)
    expect(record).toMatchObject({ state: 'held', reason: expect.stringContaining('its bytes have changed') })
    expect(counts).toMatchObject({ batched: 3, succeeded: 0 })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, rowsBilled: 0 })
  })
})
