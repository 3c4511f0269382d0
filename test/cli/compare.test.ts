import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer, CONTROLS, HOSTILE, LABEL_PROMPT, LABELLED, lastingWorld } from '../support/answered-world.ts'
import { type Ended, expectExit, parseLines, type Surroundings, type, typeHere } from '../support/command.ts'
import { MODELS } from '../support/fault-run.ts'
import type { LocalWorld } from '../support/local-world.ts'

/** The same label in one part of a JSON answer, and a part with a hostile name. */
const FORMAT = {
  type: 'json_schema',
  json_schema: {
    name: 'label',
    schema: {
      type: 'object',
      properties: { label: { enum: ['billing', 'support', 'sales'] }, [HOSTILE]: { type: 'string' } },
    },
  },
}

/** What the simulator answers begins so. */
const ROWS = LABELLED.map((row) => ({ ...row, right: row.gold === '' ? '' : `[simulated] ${row.gold}` }))

let world: LocalWorld
let close: () => Promise<void>

beforeAll(async () => {
  ;({ close, world } = await lastingWorld())
  const words = ['--model', MODELS.openai]
  await answer(world, 'first', ROWS, [...words, '--prompt', LABEL_PROMPT])
  // Names another label first, and so answers billing to everything.
  await answer(world, 'second', ROWS, [...words, '--prompt', `Ask billing. ${LABEL_PROMPT}`])
  const hostile = ROWS.toReversed().map((row) => ({ ...row, id: `${row.id}${HOSTILE}`, text: `${row.text}${HOSTILE}` }))
  const json = ['--id-column', 'id', '--prompt', '{{text}}', '--param', `response_format=${JSON.stringify(FORMAT)}`]
  await answer(world, 'json', hostile, [...words, ...json])
  await answer(world, 'other', hostile.toReversed().slice(1), [...words, ...json, '--system', 'Think of sales.'])
})

afterAll(() => close())

/** The command needs no key to look. */
function keyless(): Surroundings {
  const { LLM_BATCH_HOME = '' } = world.environment
  return { folder: world.folder, environment: { PATH: '', LLM_BATCH_HOME, COLUMNS: '120' } }
}

function typeCompare(...words: readonly string[]): Promise<Ended> {
  return type(keyless(), 'compare', ...words)
}

function compare(...words: readonly string[]): Promise<Ended> {
  return typeHere(keyless(), 'compare', ...words)
}

describe('llm-batch compare', () => {
  it('puts two runs of the same input side by side, and says which is right more often', async () => {
    const { code, stderr, stdout } = await typeCompare('first', 'second', '--gold', 'right')
    expectExit({ code, stderr }, 0)
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^A {2}\S+ \(first\) openai\/gpt-6-luna\nB {2}\S+ \(second\) /)
    expect(stdout).toContain('8 compared, joined by their place in the same input')
    expect(stdout).toContain('50%: 2 of 4 rows that both answered')
    expect(stdout).toMatch(/right +42\.9% \([\d.]+ to [\d.]+\) +28\.6% \([\d.]+ to [\d.]+\) +-14\.3 points/)
    expect(stdout).toMatch(/cost +\$0\.0\d+ +\$0\.0\d+ +\+under \$0\.000001 \(x [\d.]+\)/)
    expect(stdout).toContain('A on 1 row, B on 0 (p = 1.000, exact McNemar): that may be chance.')
    expect(stdout).toMatch(/ 1 +\[simulated\] support +\[simulated\] billing +3\n/)
    expect(stdout).toMatch(/ 3 +\[simulated\] support +1 \(33%\) +0 \(0%\)/)
    expect(stdout).toMatch(
      /Rows that differ: 2\nid +right +A +B\n3 +\[simulated\] support +\[simulated\] support +\[simulated\] billing/,
    )
  })

  it('joins other inputs by their ids, in any order, and compares parts of JSON answers', async () => {
    const { stdout } = await typeCompare('json', 'other', '--json', '--gold', 'gold', '--field', 'output.label')
    const { comparison, differences, joinedBy, runs } = JSON.parse(stdout)
    expect(joinedBy).toBe('id')
    expect(runs.map(({ alone, letter, withoutKey }: Record<string, unknown>) => [letter, alone, withoutKey])).toEqual([
      ['A', 1, 0],
      ['B', 0, 0],
    ])
    expect(comparison.rows).toBe(7)
    expect(comparison.accuracy.rows).toBe(6)
    expect(comparison.accuracy.labels.map(({ gold }: { gold: string }) => gold).sort()).toEqual([
      'billing',
      'sales',
      'support',
    ])
    expect(comparison.different).toBe(differences.length)
  })

  it('joins by a column where there are no ids, and asks for one', async () => {
    const asked = await compare('first', 'json')
    expect(asked.code).toBe(2)
    expect(asked.stderr).toMatch(/have no ids[\s\S]*--by COLUMN/)
    const { code, stdout } = await compare('first', 'json', '--by', 'gold')
    expect(code).toBe(0)
    expect(stdout).toMatch(/7 compared, joined by the column\n.*Nameless +1 of A and 1 of B: nothing to join them by/)
  })

  it('writes all rows that differ with the answer of each run', async () => {
    const { stderr } = await compare('first', 'second', '-o', 'differences.jsonl', '--limit', '0')
    expect(stderr).toMatch(/^Wrote 2 rows to .*differences\.jsonl\.\n$/)
    const written = parseLines(await readFile(join(world.folder, 'differences.jsonl'), 'utf8'))
    expect(written[0]).toMatchObject({
      id: 'r2',
      llm_a_output: '[simulated] support',
      llm_a_status: 'succeeded',
      llm_a_error: null,
      llm_b_output: '[simulated] billing',
    })
    await typeCompare('first', 'second', '-o', 'differences.csv')
    const [header, line] = (await readFile(join(world.folder, 'differences.csv'), 'utf8')).split('\n')
    expect(header).toBe(
      'id,text,gold,right,llm_a_output,llm_a_status,llm_a_error,llm_b_output,llm_b_status,llm_b_error',
    )
    expect(line).toBe(
      'r2,I need support.,support,[simulated] support,[simulated] support,succeeded,,[simulated] billing,succeeded,',
    )
    await compare('first', 'second', '-o', 'differences.tsv')
    const separated = (await readFile(join(world.folder, 'differences.tsv'), 'utf8')).split('\n')
    expect(separated.slice(0, 2)).toEqual([header?.replaceAll(',', '\t'), line?.replaceAll(',', '\t')])
    await compare('first', 'second', '-o', 'differences.json.gz')
    const packed = gunzipSync(await readFile(join(world.folder, 'differences.json.gz'))).toString()
    expect(JSON.parse(packed)).toEqual(written)
    const again = await compare('first', 'second', '-o', 'differences.csv')
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('--force')
  })

  it('compares more than two runs by how often every two agree', async () => {
    const { stdout } = await compare('first', 'second', 'json', '--by', 'gold')
    expect(stdout).toMatch(/Agreement of answers that both have\n +A +B +C\nA +\d+%/)
  })

  it('sends nothing to the terminal that a model or an input has made to deceive', async () => {
    const { code, stderr, stdout } = await typeCompare('json', 'other', '--gold', 'text')
    expectExit({ code, stderr }, 0)
    expect(stdout).toContain('gnp.exe')
    expect(stdout + stderr).not.toMatch(CONTROLS)
    expect(stderr).toContain('No answer equals its right answer')
  })

  it.each([
    [['first'], /two to 6 runs/],
    [['first', 'first'], /named twice/],
    [['first', 'second', '--gold', 'rihgt'], /no column "rihgt"[\s\S]*right/],
    [['first', 'second', '-o', 'x.xlsx'], /ending \.xlsx/],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await compare(...words)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})
