import { describe, expect, it } from 'vitest'
import { dieAt, scenarioPlans, walk } from '../../proof/every-step.ts'

/** `npm run prove` dies at every step; here at some of them, other ones in each scenario. */
const STEPS_APART = 29

describe.each([...scenarioPlans().entries()])('the recorded steps of scenario %i', (place, plan) => {
  it(`can each be the last one of a process: ${plan.name}`, async () => {
    const undisturbed = await walk(plan)
    const failures: unknown[] = []
    for (let step = 1 + place; step <= undisturbed.steps; step += STEPS_APART) {
      const kind = step % 2 === 0 ? 'death' : 'power loss'
      const { crashes, violations } = await dieAt(undisturbed, step, kind)
      if (violations.length > 0 || crashes !== 1) failures.push({ step, kind, crashes, violations })
    }
    expect(failures).toEqual([])
  })
})
