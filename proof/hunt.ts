import { carryOutCase, everyStep } from './cases.ts'
import { createCells } from './create-cells.ts'
import { scenarioPlans } from './every-step.ts'
import type { CaseReport } from './tally.ts'

/** How many cases of each kind are tried before a defect counts as not found. */
const MOST_SEEDS = 3_000
const SEEDS_OF_MACHINES = 60
const STEPS_APART = 7

/**
 * Looks for a case that shows what is wrong with these sources, and prints the first as JSON: run from a copy that a
 * defect was planted in. Prints null where everything looks well.
 */
async function hunt(): Promise<Pick<CaseReport, 'name' | 'violations'> | null> {
  const parent = process.ppid
  for await (const name of cases()) {
    // The process that asked has ended.
    if (process.ppid !== parent) return null
    const violations = await violationsOf(name)
    if (violations.length > 0) return { name, violations }
  }
  return null
}

/** Some of every kind first, so that most defects show within seconds; then more and more storms. */
async function* cases(): AsyncIterable<string> {
  const [, , shownBy = ''] = process.argv
  if (shownBy !== '') yield shownBy
  for (let seed = 1; seed <= 60; seed += 1) yield `seed ${seed}`
  for (const { name } of scenarioPlans()) yield name
  for (const [place, { name }] of createCells().entries()) if (place % 5 === 0) yield name
  for (let seed = 61; seed <= 300; seed += 1) yield `seed ${seed}`
  for (let seed = 1; seed <= SEEDS_OF_MACHINES; seed += 1) yield `two machines ${seed}`
  for (const [place, name] of (await everyStep()).entries()) if (place % STEPS_APART === 0) yield name
  for (let seed = 301; seed <= MOST_SEEDS; seed += 1) yield `seed ${seed}`
}

async function violationsOf(name: string): Promise<CaseReport['violations']> {
  try {
    return (await carryOutCase(name)).violations
  } catch (error) {
    return [{ metric: 'dishonest exit', detail: String(error) }]
  }
}

process.stdout.write(`${JSON.stringify(await hunt())}\n`)
// What a stuck world left behind must not keep this process alive.
process.exit(0)
