import { expect, it } from 'vitest'
import { ENGINES } from '../../test/support/engines.ts'
import { batchOf, createRun } from '../../test/support/stored-run.ts'
import { systemClock } from '../lib/clock.ts'
import { because } from '../model/reason.ts'
import { releaseForBudget } from './release.ts'

const OVER_BUDGET = because({
  kind: 'over_budget',
  what: 'batch',
  micros: 2,
  cap: 1,
  settled: 0,
  reserved: 0,
  mayFitLater: false,
})

it('what is held for want of budget is judged anew once nothing else of the run goes on', async () => {
  const [engine] = ENGINES
  if (!engine) throw new Error('there is no engine')
  const home = await engine.make()
  const store = await home.open()
  const { store: run } = await createRun(store, home.folder)
  const keys: number[] = []
  for (const ordinal of [0, 1, 2]) keys.push(await run.addBatch(batchOf([ordinal])))
  const stages = async () => (await run.unfinishedAttempts()).map(({ stage }) => stage)
  const hold = (key = 0) => run.moveAttempt(key, 'planned', 'held', { heldFrom: 'planned', ...OVER_BUDGET })

  await hold(keys[0])
  await hold(keys[1])
  await releaseForBudget({ store: run, clock: systemClock })
  expect(await stages()).toEqual(['held', 'held', 'planned'])
  await hold(keys[2])
  await releaseForBudget({ store: run, clock: systemClock })
  expect(await stages()).toEqual(['planned', 'planned', 'planned'])
  await store.close()
  await home.remove()
})
