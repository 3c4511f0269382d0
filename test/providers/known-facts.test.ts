import { beforeAll, expect, it } from 'vitest'
import { type ProviderFacts, registerProvider } from '../../src/provider.ts'
import { PARCEL } from '../fixtures/parcel/adapter.ts'
import { typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const FACTS: Partial<ProviderFacts> = {
  prices: [
    {
      model: 'large',
      inputUsd: 10,
      cachedInputUsd: null,
      outputUsd: 30,
      batchFactor: 0.25,
      longContext: null,
      source: 'the price list on the counter',
      asOf: '2026-11-20',
    },
  ],
  contextWindows: { large: 50 },
  queueTiers: { large: [null, 100] },
  isReasoningModel: (model) => model === 'large',
}

beforeAll(() => {
  const removals = [{ ...PARCEL, name: 'priced', facts: FACTS }, PARCEL].map(registerProvider)
  // Test files share a process.
  return () => removals.forEach((remove) => remove())
})

async function planOf(world: LocalWorld, rows: string, model: string) {
  const words = [
    'plan',
    rows,
    '--model',
    model,
    '--prompt',
    '{{text}}',
    '--skip-invalid',
    '--json',
    '--config',
    world.configPath,
  ]
  const { code, stderr, stdout } = await typeHere(world, ...words)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout) as {
    readonly batches: number
    readonly problems: { readonly first: readonly object[] }
    readonly targets: readonly object[]
  }
}

it('a plan reads prices, windows, tiers and models that think of a registered provider as of the others', async () => {
  const world = await openWorld({ config: { providers: { priced: { tier: 2 } } } })
  const long = JSON.stringify({ id: 'long', text: 'word '.repeat(2_000) })
  const rows = await world.write('rows.jsonl', `${questions(20)}${long}\n`)
  const { batches, problems, targets } = await planOf(world, rows, 'priced/large')
  expect(targets).toMatchObject([
    { price: { provider: 'priced', batchFactor: 0.25 }, expectedAnswer: { tokens: 1_500, basis: 'assumed' } },
  ])
  expect(batches).toBeGreaterThan(1)
  expect(problems.first).toMatchObject([{ code: 'prompt_too_long' }])
})

it('nothing is assumed to be cheap or offered at a provider that tells no facts', async () => {
  const world = await openWorld()
  const { batches, targets } = await planOf(world, await world.write('rows.jsonl', questions(20)), 'parcel/large')
  expect(targets).toMatchObject([{ price: null, expectedAnswer: { tokens: 400 } }])
  expect(batches).toBe(1)
})
