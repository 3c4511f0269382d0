import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scenarioPlans } from '../proof/every-step.ts'
import { ANSWER_DEFECTS } from '../proof/teeth/answer-defects.ts'
import { DEFECTS } from '../proof/teeth/defects.ts'
import { plantDefects } from '../scripts/plant-defects.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

describe('the planted defects', () => {
  it('are at least twenty, with a name each', () => {
    expect(new Set(DEFECTS.map(({ name }) => name)).size).toBe(DEFECTS.length)
    expect(DEFECTS.length).toBeGreaterThanOrEqual(20)
  })

  it('are tried first with cases that there are', () => {
    const known = scenarioPlans().map(({ name }) => name)
    const cases = DEFECTS.flatMap(({ shownBy }) => (shownBy === undefined ? [] : [shownBy]))
    expect(cases.filter((name) => !/^seed \d+$/.test(name) && !known.includes(name.split(',')[0] ?? ''))).toEqual([])
  })

  it.each(DEFECTS)('still fit the sources: $name', ({ patches }) => {
    const times = patches.map(({ file, find }) => readFileSync(join(ROOT, file), 'utf8').split(find).length - 1)
    expect(times).toEqual(patches.map(() => 1))
  })

  /** `npm run prove` plants all of them. */
  it('are found where they are in what is not bought anew, such as a carried row that is sent as well', async () => {
    const [bite] = await plantDefects(ANSWER_DEFECTS.slice(0, 1), () => undefined)
    expect(bite?.caught?.violations).toContainEqual(expect.objectContaining({ metric: 'billed twice' }))
  })

  it('are found, beginning with the one that all scripts have: a create repeated by the HTTP layer', async () => {
    const [bite] = await plantDefects(DEFECTS.slice(0, 1), () => undefined)
    expect(bite?.caught?.violations).toContainEqual(expect.objectContaining({ metric: 'billed twice' }))
  })
})
