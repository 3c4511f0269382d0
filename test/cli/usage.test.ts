import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { optionsOf } from '../../src/cli/flags/option-flags.ts'
import { flagOf } from '../../src/model/options/mention.ts'
import { expectExit, type Surroundings, type, typedFirst, typeHere } from '../support/command.ts'

/** The files that the cases name. */
const FILES: Readonly<Record<string, string>> = {
  'good.csv': 'id,text\na,hello\nb,world\n',
  'twice.csv': 'id,text\na,hello\na,world\n',
  'ours.csv': 'id,llm_output\na,hello\n',
  'header.csv': 'id,text\n',
  'empty.jsonl': '',
  'broken.jsonl': '{"text":"fine"}\n{"text":\n',
  'list.jsonl': '{"text":"fine"}\n["text"]\n',
  'array.jsonl': '[{"text":"fine"},\n',
  'surrogate.jsonl': '{"text":"fine"}\n{"text":"half \\ud83d"}\n',
  'many.jsonl': '{"text":1}\n'.repeat(2) + 'not json\n'.repeat(23),
  'rows.xls': 'id,text\na,hello\n',
  'there.jsonl': '{"llm_output":"from yesterday"}\n',
  'bad-config.json': '{"waits":{"pol":"1s"}}',
}

const MODEL = ['--model', 'openai/gpt-6.1-terra']
const PROMPT = ['--prompt', 'Say {{text}}']

let here: Surroundings

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-usage-'))
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text)
  await mkdir(join(folder, 'folder.jsonl'))
  here = {
    folder,
    environment: {
      PATH: process.env['PATH'] ?? '',
      OPENAI_API_KEY: 'sk-canary-0123456789',
      // No server listens there: whatever is refused was refused without a call.
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      LLM_BATCH_HOME: join(folder, 'home'),
    },
  }
})

afterAll(async () => {
  await rm(here.folder, { recursive: true })
})

describe('a command that cannot be carried out', () => {
  const REFUSED: readonly (readonly [words: readonly string[], message: RegExp])[] = [
    [[], /no command was given/],
    [['rnu'], /unknown command 'rnu' \(Did you mean run\?\)/],
    [['run'], /missing required argument 'input'/],
    [['run', 'good.csv', ...MODEL, '--promt', 'x'], /unknown option '--promt' \(Did you mean --prompt\?\)/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--limit', '0'], /'--limit <n>' argument '0' is invalid/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--temperature', 'hot'], /'--temperature <n>' argument 'hot' is invalid/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--param', 'seed'], /Write it as key=value/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--poll-interval', '5'], /Write a duration/],
    [
      ['run', 'good.csv', ...MODEL, ...PROMPT, '--format', 'xml'],
      /Allowed choices are jsonl, json, csv, tsv, parquet, sqlite, provider/,
    ],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--prompt-file', 'p.txt'], /cannot be used with/],
    [['run', 'good.csv', ...MODEL, '--prompt-file', 'absent.txt'], /the file absent\.txt does not exist/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--json', '-o', '-'], /-o - cannot be used with --json/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--config', 'absent.json'], /absent\.json does not exist/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--config', 'bad-config.json'], /waits\.pol \(did you mean poll\?\)/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--events', 'absent/events.jsonl'], /the events cannot be written/],
    [['run', 'good.csv', '--model', 'gpt-6.1-terra', ...PROMPT], /--model gpt-6.1-terra has no provider/],
    [['run', 'good.csv', '--model', 'opnai/gpt-6.1-terra', ...PROMPT], /unknown provider "opnai"/],
    [['run', 'good.csv', '--model', 'mistral/mistral-small-latest', ...PROMPT], /MISTRAL_API_KEY is not set/],
    [['run', 'absent.csv', ...MODEL, ...PROMPT], /the input file absent\.csv does not exist/],
    [['run', 'rows.xls', ...MODEL, ...PROMPT], /llm-batch does not know the file ending of rows\.xls/],
    [['run', 'empty.jsonl', ...MODEL, ...PROMPT], /empty\.jsonl has no rows/],
    [['run', 'header.csv', ...MODEL, ...PROMPT], /header\.csv has no rows/],
    [['run', 'array.jsonl', ...MODEL, ...PROMPT], /array\.jsonl ends inside its JSON list/],
    [
      ['run', 'good.csv', ...MODEL, '--prompt', '{{txt}}'],
      /no column "txt"; the columns are: id, text\nnext: Did you mean \{\{text\}\}\?/,
    ],
    [
      ['run', 'good.csv', ...MODEL, ...PROMPT, '--id-column', 'di'],
      /--id-column names "di".*no column "di".*\nnext: Did you mean id\?/,
    ],
    [
      ['run', 'good.csv', ...MODEL, '--prompt', 'Hello {text}'],
      /did you mean \{\{text\}\}\?\nerror: the prompt has no placeholder/,
    ],
    [
      ['run', 'good.csv', ...MODEL, '--prompt', 'Hello', '--yes'],
      /the prompt has no placeholder.*nothing was sent\nnext: .*--constant-prompt/,
    ],
    [['run', 'broken.jsonl', ...MODEL, ...PROMPT], /line 2 {2}invalid_json/],
    [['run', 'list.jsonl', ...MODEL, ...PROMPT], /line 2 {2}not_an_object/],
    [['run', 'twice.csv', ...MODEL, ...PROMPT, '--id-column', 'id'], /line 3 {2}duplicate_id/],
    [['run', 'surrogate.jsonl', ...MODEL, ...PROMPT], /line 2 {2}lone_surrogate/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '--max-bytes', '150'], /line 2 {2}request_too_large/],
    [['run', 'ours.csv', ...MODEL, '--prompt', '{{id}}'], /columns with the names of added columns: llm_output/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '-o', 'there.jsonl'], /there\.jsonl exists already/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '-o', 'good.csv'], /good\.csv is the input file/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '-o', 'out.parq'], /the file ending \.parq .* is unknown/],
    [
      ['run', 'good.csv', ...MODEL, ...PROMPT, '-o', 'out.csv', '--format', 'jsonl'],
      /but you asked for the format jsonl/,
    ],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '-o', 'absent/out.csv'], /the folder .*absent .* does not exist/],
    [['run', 'good.csv', ...MODEL, ...PROMPT, '-o', 'folder.jsonl', '--force'], /folder\.jsonl is not a file/],
    [['status', 'k3f9'], /there is no run k3f9/],
    [['resume'], /there is no run here/],
    [['resume', '--model', 'openai/other'], /unknown option '--model'/],
    [['results', 'last', '-o', 'out.jsonl'], /there is no run here/],
    [['retry', 'last', '--status', 'succeeded'], /Statuses are failed, expired/],
    [['runs', 'rm', 'k3f9'], /there is no run k3f9/],
    [['serve'], /needs something that answers/],
    [['serve', '--simulate', '--folder', 'server', '--fault', 'create=nonsense'], /unknown fault nonsense/],
  ]

  it.concurrent.each(REFUSED)('%j says why in few words and exits with 2', async (words, message) => {
    // The first of each command is typed as a process.
    const alike = REFUSED.map(([other]) => other).filter(([name]) => name === words[0])
    const { code, stderr, stdout } = await typedFirst(alike, words)(here, ...words)
    expectExit({ code, stderr }, 2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^next: /m)
    expect(stderr).not.toMatch(/^ +at |sk-canary/m)
  })

  it('leaves no run, no answers and no half-written file behind', async () => {
    const { code } = await type(here, 'run', 'twice.csv', ...MODEL, ...PROMPT, '--id-column', 'id', '-o', 'never.jsonl')
    expect(code).toBe(2)
    expect((await readdir(here.folder)).filter((name) => name.startsWith('never'))).toEqual([])
    expect(JSON.parse((await typeHere(here, 'runs', '--json')).stdout).runs).toEqual([])
    expect(await readdir(join(here.folder, 'home', 'runs'))).toEqual([])
  })

  it('shows the first twenty problems with their lines and counts the rest', async () => {
    const { stderr } = await typeHere(here, 'run', 'many.jsonl', ...MODEL, ...PROMPT)
    expect(stderr.match(/^ {2}line +\d+ {2}invalid_json/gm)).toHaveLength(20)
    expect(stderr).toContain('  line  3  ')
    expect(stderr).toContain('and 3 more')
    expect(stderr).toContain('23 problems in the input; nothing was sent')
  })
})

describe('help', () => {
  it.concurrent.each([
    [['--help'], /Usage: llm-batch .*turn a file of prompts into a file of answers/s],
    [['run', '--help'], /Usage: llm-batch run INPUT.*--max-tokens.*more options: llm-batch run --help --all/s],
    [['run', '--help', '--all'], /Usage: llm-batch run INPUT.*Limits and time:.*--max-open-batches/s],
    [['help', 'retry'], /Usage: llm-batch retry RUN.*--status <list>/s],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
  ])('%j goes to standard output', async (words, text) => {
    const { code, stderr, stdout } = await type(here, ...words)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(text)
  })

  it('says each default once, in the units in which it is typed', async () => {
    const commands = await listedCommands()
    expect(commands).toEqual(expect.arrayContaining(['run', 'remote', 'doctor']))
    const pages = new Map<string, string>()
    for (const command of commands) pages.set(command, unfolded((await typeHere(here, 'help', command)).stdout))
    expect([...pages.values()].filter((page) => /\(default: [^)]*\) \(default:/.test(page))).toEqual([])
    expect(pages.get('remote')).toContain('such as 12h or 90d (default: 31d)')
    expect(pages.get('doctor')).toContain('(default: 30m)')
  })

  it('fits a screen, and shows every option under its heading where all is asked for', async () => {
    const lines = new Map<string, number>()
    for (const command of await listedCommands()) {
      lines.set(command, (await typeHere(here, command, '--help')).stdout.trimEnd().split('\n').length)
    }
    const screen = (command: string): number => (SHORT_HELP.includes(command) ? 23 : 40)
    expect([...lines].filter(([command, count]) => count > screen(command))).toEqual([])
    expect(lines.size).toBeGreaterThan(SHORT_HELP.length)
    const { stdout } = await typeHere(here, 'help', 'run')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(stdout).toBe((await typeHere(here, 'run', '--all', '--help')).stdout)
    expect([...stdout.matchAll(/^([A-Z][a-z ]+):$/gm)].map(([, heading]) => heading)).toEqual(
      'Arguments,Options,Input,Prompt,Answers,Output,Money,Limits and time,This run'.split(','),
    )
    for (const name of optionsOf('run')) expect(stdout).toMatch(new RegExp(`^ .* ${flagOf(name)}[ \\n]`, 'm'))
  })
})

/** Commands of many options: short help leaves a line of 24 for the prompt of the shell. */
const SHORT_HELP: readonly string[] = ['run', 'plan', 'try', 'prompt', 'resume', 'retry']

/** The commands that the list of commands names. */
async function listedCommands(): Promise<readonly string[]> {
  const { stdout } = await typeHere(here, '--help')
  return [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = '']) => name).filter((name) => name !== 'help')
}

/** Help without its line breaks inside sentences. */
function unfolded(page: string): string {
  return page.replace(/\n {4,}(?=\S)/g, ' ')
}
