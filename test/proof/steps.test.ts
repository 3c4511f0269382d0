import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { carryOut } from '../../proof/carry-out.ts'
import { dieAt, scenarioPlans, walk } from '../../proof/every-step.ts'

/** `npm run prove` dies at every step; here at the first of each kind, and at some more, other ones in each scenario. */
const STEPS_APART = 251

/** Kinds of steps in front of which a process of any scenario has died. */
const met = new Set<string>()

/** What a step does to which call or file, whatever its run and its number. */
function kindOf(name: string): string {
  const [verb = '', object = ''] = name.split(' ')
  if (!name.includes('/machine/')) return `${verb} ${object}`
  const file = basename(name).replace(/^\w{4}(?=-\d{4}-)/, 'run')
  return `${verb} ${file.replaceAll(/[a-z\d]{16,}|\d+/g, 'N')}`
}

function isChosen(name: string | undefined, step: number, place: number): boolean {
  const kind = name === undefined ? undefined : kindOf(name)
  const isNew = kind !== undefined && !met.has(kind)
  if (kind !== undefined && isNew) met.add(kind)
  return isNew || (step > place && (step - 1 - place) % STEPS_APART === 0)
}

describe.each([...scenarioPlans().entries()])('the recorded steps of scenario %i', (place, plan) => {
  it(`can each be the last one of a process: ${plan.name}`, async () => {
    const undisturbed = await walk(plan)
    const failures: unknown[] = []
    for (let step = 1; step <= undisturbed.steps; step += 1) {
      if (!isChosen(undisturbed.names[step], step, place)) continue
      const kind = step % 2 === 0 ? 'death' : 'power loss'
      const { crashes, violations } = await dieAt(undisturbed, step, kind)
      if (violations.length > 0 || crashes !== 1) failures.push({ step, kind, crashes, violations })
    }
    expect(failures).toEqual([])
  })
})

it.each([
  ['tail at openai', 'rows: asked at a deadline'],
  ['tail with a call in doubt at gemini', 'rows: asked at a deadline'],
  ['primed at anthropic', 'rows: primed'],
])('a scenario is what its name says: %s', async (name, way) => {
  const [plan] = scenarioPlans().filter((one) => one.name === name)
  if (!plan) throw new Error('there is no such scenario')
  expect((await carryOut(plan)).reached).toContain(way)
})

it('a process may die anywhere between a create and the end of its record, although nothing marks the batch', async () => {
  const [plan] = scenarioPlans().filter(({ name }) => name === 'plain at anthropic')
  if (!plan) throw new Error('there is no such scenario')
  const { trace } = await carryOut(plan)
  const sent = Number(/step (\d+): send create/.exec(trace.join('\n'))?.[1])
  const undisturbed = await walk(plan)
  const failures: unknown[] = []
  for (let step = sent; step <= sent + 6; step += 1) {
    const { violations } = await dieAt(undisturbed, step, 'death')
    if (violations.length > 0) failures.push({ step, violations })
  }
  expect(failures).toEqual([])
})
