import { carryOut, type Verdict } from './carry-out.ts'
import { createCells } from './create-cells.ts'
import { dieAt, scenarioPlans, type Walk, walk } from './every-step.ts'
import type { Plan } from './plan.ts'
import { stormOf } from './random-faults.ts'
import { CLOCKS_APART, machinesOfSeed } from './random-machines.ts'

const scenarios = new Map(scenarioPlans().map((plan) => [plan.name, plan]))
const walks = new Map<string, Promise<Walk>>()
let cells: ReadonlyMap<string, Plan> | undefined

/** The undisturbed walk through a scenario, walked once in each process. */
function walkOf(scenario: string): Promise<Walk> {
  const known = walks.get(scenario)
  if (known) return known
  const plan = scenarios.get(scenario)
  if (!plan) throw new Error(`there is no scenario ${scenario}`)
  const made = walk(plan)
  walks.set(scenario, made)
  return made
}

/**
 * Carries out the case of this name: `seed 17`, `two machines 17`, the name of a scenario with `, death at step 45` or
 * `, power loss at step 45`, or the name of a create cell. The same name gives the same run, step for step.
 */
export async function carryOutCase(name: string): Promise<Verdict> {
  const seed = /^seed (\d+)$/.exec(name)?.[1]
  if (seed !== undefined) return await carryOut(stormOf(Number(seed)))
  const shared = /^two machines (\d+)$/.exec(name)?.[1]
  if (shared !== undefined) return await carryOut(machinesOfSeed(Number(shared)))
  if (name === CLOCKS_APART.name) return await carryOut(CLOCKS_APART)
  const [, scenario, kind, step] = /^(.*), (death|power loss) at step (\d+)$/.exec(name) ?? []
  if (scenario !== undefined && (kind === 'death' || kind === 'power loss')) {
    return await dieAt(await walkOf(scenario), Number(step), kind)
  }
  cells ??= new Map(createCells().map((plan) => [plan.name, plan]))
  const cell = cells.get(name) ?? scenarios.get(name)
  if (!cell) throw new Error(`there is no case named ${name}`)
  return await carryOut(cell)
}

/** The names of every step of every scenario, both ways to die. */
export async function everyStep(): Promise<readonly string[]> {
  const names: string[] = []
  for (const scenario of scenarios.keys()) {
    const { steps } = await walkOf(scenario)
    for (let step = 1; step <= steps; step += 1) {
      for (const kind of ['death', 'power loss']) names.push(`${scenario}, ${kind} at step ${step}`)
    }
  }
  return names
}
