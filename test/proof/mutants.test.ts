import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createCells } from '../../proof/create-cells.ts'
import { scenarioPlans } from '../../proof/every-step.ts'
import { ANSWER_MUTANTS } from '../../proof/mutants/answer-mutants.ts'
import { before, replace, reword } from '../../proof/mutants/mutant.ts'
import { MUTANTS } from '../../proof/mutants/mutants.ts'
import { CLOCKS_APART } from '../../proof/random-machines.ts'
import { mutate } from '../../scripts/mutate.mjs'
import { plantMutants } from '../../scripts/plant-mutants.mjs'

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url))

/** Every source by its path. */
const sources = new Map(
  readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => [path, readFileSync(join(SOURCES, path), 'utf8')]),
)

describe('a change of the sources by their syntax', () => {
  const code = new Map([
    [
      'a.ts',
      "function one(x: number) {\n  // A reason.\n  if (x > 1 &&\n    x < 3) return go(x, 2)\n  return go(x, 'b')\n}",
    ],
    ['b.ts', 'class Two {\n  #one() {\n    return `select a\n      from b where c`\n  }\n}\nconst one = { a: go(1) }'],
  ])

  it.each([
    ['an expression, however it is written', replace('one', 'x>1&&x<3', 'true'), 'a.ts', 'if (true) return go(x, 2)'],
    ['a call whatever its arguments', replace('one', "go(x, 'b')", '0'), 'a.ts', '  return 0\n'],
    ['one of several', replace('one', 'go(x, ...ANY)', '0', 2), 'a.ts', 'return go(x, 2)\n  return 0\n'],
    ['a property', replace('one', 'a: go(ANY)', 'b: 0'), 'b.ts', 'const one = { b: 0 }'],
    ['statements', before('one', "return go(x, 'b')", 'stop()'), 'a.ts', "stop()\nreturn go(x, 'b')"],
    [
      'words within a text',
      reword('Two.#one', 'from b where', 'from d where'),
      'b.ts',
      'select a\n      from d where c',
    ],
  ])('finds %s', (_, change, path, text) => {
    expect([...mutate(code, [change])]).toEqual([[path, expect.stringContaining(text)]])
  })

  it.each([
    ['is not there', replace('one', 'go(y)')],
    ['stands in another declaration', replace('Two.#one', 'go(1)')],
    ['is there twice', replace('one', 'go(x, ANY)')],
  ])('throws where what is to be changed %s', (_, change) => {
    expect(() => mutate(code, [change])).toThrow(/^(one|Two\.#one) holds what is to be changed \d times/)
  })
})

describe('the planted defects', () => {
  it('are at least twenty, with a name each', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
    expect(MUTANTS.length).toBeGreaterThanOrEqual(20)
  })

  it('are tried first with cases that there are', () => {
    const known = [...scenarioPlans(), CLOCKS_APART].map(({ name }) => name)
    const cells = createCells().map(({ name }) => name)
    const cases = MUTANTS.flatMap(({ shownBy }) => (shownBy === undefined ? [] : [shownBy]))
    const isThere = (name: string): boolean => known.includes(name.split(',')[0] ?? '') || cells.includes(name)
    expect(cases.filter((name) => !/^(?:seed|two machines) \d+$/.test(name) && !isThere(name))).toEqual([])
  })

  it.each(MUTANTS)('still fit the sources: $name', ({ changes }) => {
    expect(mutate(sources, changes).size).toBeGreaterThan(0)
  })

  /** `npm run prove` plants all of them. */
  it('are found where they are in what is not bought anew, such as a carried row that is sent as well', async () => {
    const [mutant] = await plantMutants(ANSWER_MUTANTS.slice(0, 1), () => undefined)
    expect(mutant?.caught?.violations).toContainEqual(expect.objectContaining({ metric: 'billed twice' }))
  })

  it('are found, beginning with the one that all scripts have: a create repeated by the HTTP layer', async () => {
    const [mutant] = await plantMutants(MUTANTS.slice(0, 1), () => undefined)
    expect(mutant?.caught?.violations).toContainEqual(expect.objectContaining({ metric: 'billed twice' }))
  })
})
