import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { Shell } from '../../src/cli/shell.ts'
import { visibleText } from '../../src/lib/plain-text.ts'
import { answer, CONTROLS, HOSTILE, LABEL_PROMPT, LABELLED, lastingWorld } from '../support/answered-world.ts'
import { type Ended, expectExit, parseLines, type Surroundings, type, typeHere } from '../support/command.ts'
import { MODELS } from '../support/fault-run.ts'
import type { LocalWorld } from '../support/local-world.ts'

/** An answer in JSON with hostile names and values. */
const FORMAT = {
  type: 'json_schema',
  json_schema: {
    name: 'label',
    schema: {
      type: 'object',
      properties: {
        label: { enum: ['billing', 'support', 'sales'] },
        score: { type: 'number', minimum: 0, maximum: 100 },
        [HOSTILE]: { const: HOSTILE },
      },
    },
  },
}

let world: LocalWorld
let close: () => Promise<void>

beforeAll(async () => {
  ;({ close, world } = await lastingWorld())
  const words = ['--model', MODELS.openai, '--id-column', 'id']
  await answer(world, 'text', LABELLED, [...words, '--prompt', LABEL_PROMPT])
  const hostile = LABELLED.map((row) => ({ ...row, id: `${row.id}${HOSTILE}`, text: `${row.text}${HOSTILE}` }))
  const asked = ['--prompt', '{{text}}', '--param', `response_format=${JSON.stringify(FORMAT)}`]
  await answer(world, 'json', hostile, [...words, ...asked])
})

afterAll(() => close())

/** The command needs no key to look. */
function keyless(): Surroundings {
  const { LLM_BATCH_HOME = '' } = world.environment
  return { folder: world.folder, environment: { PATH: '', LLM_BATCH_HOME } }
}

function typeResults(...words: readonly string[]): Promise<Ended> {
  return type(keyless(), 'results', ...words)
}

function results(...words: readonly string[]): Promise<Ended> {
  return typeHere(keyless(), 'results', ...words)
}

/** The same at a terminal of so many cells. */
async function atTerminal(columns: number, ...words: readonly string[]): Promise<Ended> {
  const output = Object.assign(new PassThrough(), { isTTY: true, columns })
  const error = Object.assign(new PassThrough(), { isTTY: true, columns })
  const machine = {
    environment: { LLM_BATCH_HOME: world.home, NO_COLOR: '1' },
    workingFolder: world.folder,
    homeFolder: world.folder,
    platform: process.platform,
  }
  const code = await runProgram(
    new Shell(machine, { input: new PassThrough(), output, error }),
    ['results', ...words],
    '0',
  )
  return { code, stdout: String(output.read() ?? ''), stderr: String(error.read() ?? '') }
}

function lines({ stdout }: Ended): readonly string[] {
  return stdout.trimEnd().split('\n')
}

describe('llm-batch results at a terminal', () => {
  it('shows rows as a table that fits, with what the prompt is about, the answer and the error', async () => {
    const shown = await atTerminal(80, 'text')
    expectExit(shown, 0)
    expect(lines(shown)[0]).toMatch(/^id +status +text +output +error$/)
    expect(lines(shown)[1]).toMatch(/^r0 +succeeded +My billing is wrong\. +\[simulated\] billing$/)
    expect(lines(shown)[7]).toMatch(/^r6 +failed +Broken, 日本語.* invalid_value: /)
    expect(shown.stderr).toBe('8 of 8 rows. Whole texts: --full.\n')
  })

  it.each([20, 40, 80, 140])('keeps within %i cells', async (columns) => {
    for (const name of ['text', 'json']) {
      const shown = await atTerminal(columns, name)
      // A wide character takes two.
      const widths = lines(shown).map((line) => line.length + (line.match(/[\u3000-\u9fff]/gu)?.length ?? 0))
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns)
    }
  })

  it.each(['jsonl', 'csv', 'provider'])(
    'makes data of the format %s visible there with -o -, and only there',
    async (format) => {
      const words = ['json', '--format', format, '-o', '-']
      const shown = await atTerminal(80, ...words)
      expectExit(shown, 0)
      expect(shown.stdout).not.toMatch(CONTROLS)
      const piped = await results(...words)
      expect(piped.stdout).toMatch(CONTROLS)
      expect(visibleText(piped.stdout)).toBe(shown.stdout)
    },
  )

  it('makes what --summary --json says visible as well', async () => {
    const shown = await atTerminal(80, 'json', '--summary', '--json')
    expect(shown.stdout).not.toMatch(CONTROLS)
    const piped = await results('json', '--summary', '--json')
    expect(JSON.parse(shown.stdout)).toEqual(JSON.parse(piped.stdout))
  })

  it('still wants a file where a format is asked for', async () => {
    const { code, stderr } = await atTerminal(80, 'text', '--format', 'csv')
    expect(code).toBe(2)
    expect(stderr).toContain('Name a file with -o')
  })
})

describe('llm-batch results', () => {
  it('shows only rows that fulfil every condition, and says how to see more', async () => {
    const shown = await typeResults(
      'text',
      '--table',
      '--where',
      'status!=succeeded',
      '--where',
      'gold=sales',
      '--limit',
      '1',
    )
    expect(lines(shown)[0]).toMatch(/^id +status +gold +text +output +error$/)
    expect(lines(shown)).toHaveLength(2)
    expect(lines(shown)[1]).toMatch(/^r5 +truncated +sales/)
    expect(shown.stderr).toBe(
      'The first 1 row with status!=succeeded and gold=sales. More: --limit N, --sample N. Whole texts: --full.\n',
    )
  })

  it('takes the same names of columns in a table, a pipe and a file of any format', async () => {
    const names = 'gold,status,output.label,line,llm_model'
    const table = await results('json', '--table', '--columns', names, '--limit', '2')
    expectExit(table, 0)
    expect(table.stdout).toMatch(/gold +status +output\.label +line +llm_model/)
    const chosen = ['--columns', names, '--limit', '2', '--quiet']
    const piped = await type(world, 'results', 'json', ...chosen)
    expectExit(piped, 0)
    const [first] = parseLines(piped.stdout)
    expect(Object.keys(first ?? {})).toEqual(['gold', 'llm_status', 'llm_output.label', 'line', 'llm_model'])
    expect(first).toMatchObject({ llm_status: 'succeeded', line: 1 })
    expect(table.stdout).toContain(String(first?.['llm_output.label']))
    expectExit(await results('json', ...chosen, '-o', 'named.csv'), 0)
    expect(await readFile(join(world.folder, 'named.csv'), 'utf8')).toMatch(
      new RegExp(
        `^gold,llm_status,llm_output\\.label,line,llm_model\\n\\w+,succeeded,${String(first?.['llm_output.label'])},1,`,
      ),
    )
    expectExit(await results('json', ...chosen, '-o', 'named.parquet'), 0)
    expectExit(
      await typeHere(
        world,
        'run',
        'named.parquet',
        '--model',
        MODELS.openai,
        '--prompt',
        '{{gold}}',
        '--prefix',
        'x_',
        '-o',
        'read.jsonl',
        '--quiet',
      ),
      0,
    )
    const [read] = parseLines(await readFile(join(world.folder, 'read.jsonl'), 'utf8'))
    expect(read).toMatchObject({ ...first, line: 1 })
  })

  it('shows the columns asked for, and whole texts one below the other', async () => {
    const chosen = await results('text', '--table', '--columns', 'gold,prompt_tokens', '--limit', '2')
    expect(lines(chosen)[0]).toMatch(/^id +status +gold +prompt_tokens$/)
    const whole = await typeResults('text', '--full', '--where', 'id=r6')
    expect(whole.stdout).toMatch(
      /^id r6, failed\n {2}text +Broken, 日本語のテキスト\. \[\[simulate: status=400\]\]\n {2}error +invalid_value: /,
    )
  })

  it('draws the same sample again', async () => {
    const first = await typeResults('text', '--sample', '3', '--seed', '7')
    expect(parseLines(first.stdout)).toHaveLength(3)
    expect(await results('text', '--sample', '3', '--seed', '7')).toEqual(first)
  })

  it('writes the rows that fit to a pipe as JSON lines, all of them unless a limit is named', async () => {
    const { stdout } = await typeResults('text', '--where', 'error~invalid')
    expect(parseLines(stdout).map(({ id, llm_status }) => [id, llm_status])).toEqual([
      ['r6', 'failed'],
      ['r7', 'failed'],
    ])
    expect(parseLines((await results('text')).stdout)).toHaveLength(8)
    expect(parseLines((await results('text', '--limit', '2')).stdout)).toHaveLength(2)
  })

  it('writes a file of them, whose summary tells that it is a part', async () => {
    const written = await typeResults('text', '--where', 'status=failed', '--limit', '1', '-o', 'failed.csv')
    expectExit(written, 0)
    expect(written.stderr).toMatch(/^Wrote 1 of 8 rows to .*failed\.csv\.\n$/)
    const summary = JSON.parse(await readFile(join(world.folder, 'failed.csv.run.json'), 'utf8'))
    expect(summary.answers).toMatchObject({
      format: 'csv',
      rows: 1,
      selection: { where: ['status=failed'], limit: 1, sample: null, seed: null },
    })
    expect(summary.counts).toMatchObject({ succeeded: 4, failed: 2 })
    await results('text', '-o', 'all.csv')
    const whole = JSON.parse(await readFile(join(world.folder, 'all.csv.run.json'), 'utf8'))
    expect(whole.answers).toMatchObject({ rows: 8, selection: null })
  })

  it('sums up statuses, errors by cause, labels, tokens and cost', async () => {
    const { stdout } = await typeResults('text', '--summary')
    expect(stdout).toContain('4 succeeded (50%), 2 failed (25%), 1 refused (12%), 1 truncated (12%)')
    expect(stdout).toMatch(/Tokens +[\d,]+ in, [\d,]+ out\n {2}Cost +\$0\.0/)
    expect(stdout).toMatch(/ 2 +failed +invalid_value: .* r6\n/)
    expect(stdout).toMatch(/output\nrows +share +value\n +2 +50% +\[simulated\] billing +█/)
    const { summary, selection } = JSON.parse(
      (await results('text', '--summary', '--json', '--where', 'gold=sales')).stdout,
    )
    expect(selection).toEqual({ where: ['gold=sales'], limit: null, sample: null, seed: null })
    expect(summary).toMatchObject({ rows: 2, statuses: { failed: 1, truncated: 1 }, cost: { unknown: 0 } })
  })

  it('filters and sums up the parts of answers that are JSON', async () => {
    const { stdout } = await results('json', '--where', 'output.label=billing', '--where', 'output.score>=0')
    expect(parseLines(stdout)).toHaveLength(2)
    const { summary } = JSON.parse((await results('json', '--summary', '--json')).stdout)
    expect(summary.fields.map(({ path, answers }: { path: string; answers: number }) => [path, answers])).toEqual([
      ['label', 4],
      ['score', 4],
      [HOSTILE, 4],
    ])
  })

  it('sends nothing to the terminal that a model or an input has made to deceive', async () => {
    const views = [['--table'], ['--full'], ['--summary'], ['--table', '--where', `text~${HOSTILE}`]]
    for (const words of views) {
      const shown = await (words === views[0] ? typeResults : results)('json', ...words)
      expectExit(shown, 0)
      expect(shown.stdout).toContain(words.includes('--summary') ? 'gnp.exe' : 'r0here')
      expect(shown.stdout + shown.stderr).not.toMatch(CONTROLS)
    }
  })

  it('tells of a column that is not there, and of flags that do not belong together', async () => {
    const unknown = await atTerminal(80, 'text', '--where', 'lable=x')
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toMatch(/no column "lable"[\s\S]*id, text, gold/)
    for (const words of [
      ['--table', '-o', 'x.csv'],
      ['--summary', '--table'],
      ['--limit', '1', '--sample', '1'],
      ['--summary', '-o', 'x.csv'],
      ['--json'],
    ]) {
      expect((await atTerminal(80, 'text', ...words)).code).toBe(2)
    }
  })

  it('says nothing fits where nothing does, and which column was meant', async () => {
    const { stderr, stdout } = await atTerminal(80, 'text', '--where', 'id=r99')
    expect(stdout).toBe('')
    expect(stderr).toMatch(
      /^No row of run \S+ with id=r99\.\nid is a column of the input here; the added column is llm_id\.\n$/,
    )
  })

  it('explains itself with examples', async () => {
    expect((await atTerminal(80, '--help')).stdout).toMatch(
      /Examples:[\s\S]+ {4}llm-batch results last --where status=failed --limit 50\n/,
    )
  })
})
