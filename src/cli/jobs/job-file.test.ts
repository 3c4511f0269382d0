import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { thisMachine } from '../../lib/machine.ts'
import type { OptionKind } from '../../model/options/declaration.ts'
import { OPTIONS, type OptionName } from '../../model/options/options.ts'
import { PLAIN_OUTPUT } from '../../model/run.ts'
import { jobText } from '../../prepare/job-text.ts'
import { addOptions } from '../flags/option-flags.ts'
import { Shell } from '../shell.ts'
import { readJobFile } from './job-file.ts'
import { JOB_KEYS } from './job-keys.ts'
import { jobJsonSchema } from './job-schema.ts'
import { storedJob } from './stored-job.ts'

/** Said anew each time, or how one command speaks; a flag that is added here is one that no job can hold. */
const NOT_IN_JOBS = ['again', 'detach', 'json', 'localKey', 'quiet', 'yes']

let folder: string
let shell: Shell

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-job-'))
  const streams = { input: new PassThrough(), output: new PassThrough(), error: new PassThrough() }
  shell = new Shell({ ...thisMachine(), workingFolder: folder }, streams)
})

afterAll(() => rm(folder, { recursive: true }))

function runCommand(): Command {
  return addOptions(new Command().argument('<input...>'), 'run')
}

/** A job file and what was typed behind it, put together. */
async function read(text: string, ...typed: string[]) {
  await writeFile(join(folder, 'job.yaml'), text)
  const command = runCommand().exitOverride()
  command.parse(['job.yaml', ...typed], { from: 'user' })
  return { command, ...(await readJobFile(shell, command, 'job.yaml')) }
}

describe('a job file', () => {
  it('has a key for every flag of run, and for what only a file can hold', () => {
    const flags = runCommand().options.map((option) => option.attributeName())
    const keys = [...JOB_KEYS, ...NOT_IN_JOBS]
    expect(keys.sort()).toEqual([...new Set([...flags, 'messages', 'schemaName'])].sort())
  })

  it('says by every key what the flag would say, and is written so that it says it again', async () => {
    const samples = new Map<OptionName, unknown>(JOB_KEYS.map((name) => [name, sampleOf(name)]))
    // These contradict others, and what they name is kept in their place.
    for (const key of ['field', 'promptFile', 'systemFile', 'messagesFile', 'name', 'force'] as const)
      samples.delete(key)
    samples.set('schema', { type: 'object' }).set('schemaName', 'thing')
    const fields = { input: 'rows.csv', ...Object.fromEntries(samples) }
    const { command, flags, inputPaths } = await read(jobText({ fields, notes: [] }, 'k3f9'))
    expect(flags['schema']).toEqual({ type: 'object' })
    const input = { source: { paths: inputPaths } }
    const output = { ...PLAIN_OUTPUT, path: String(flags['output']) }
    const { messages, prompt, system } = flags as { messages: never; prompt: string; system: string }
    const answer = { schema: { type: 'object' }, name: 'thing', isStrict: false }
    const parts = { answer, input, messages, output, prompt, system, workingFolder: folder }
    const job = storedJob(command, flags, parts)
    expect(Object.keys(job.fields).sort()).toEqual(Object.keys(fields).sort())
    const again = await read(jobText(job, 'k3f9'))
    expect(again).toMatchObject({ inputPaths, flags })
  })

  it.each([
    ['maxTokens: 5', [], { maxTokens: 5 }],
    ['maxTokens: 5', ['--max-tokens', '7'], { maxTokens: 7 }],
    ['wait: false', [], { wait: false }],
    ['canary: false\nskipInvalid: true', [], { canary: false, skipInvalid: true }],
    ['param: { seed: 1, top_p: 0.5 }', ['--param', 'seed=2'], { param: { seed: 2, top_p: 0.5 } }],
    ['imageColumn: a', [], { imageColumn: ['a'] }],
    ['imageColumn: [a, b]', ['--image-column', 'c'], { imageColumn: ['c'] }],
    ['deadline: 20h', [], { deadline: { afterMs: 72_000_000 } }],
    ['prompt: "{{a}}"', ['--prompt-file', 'p.txt'], { prompt: undefined, promptFile: 'p.txt' }],
    ['promptFile: p.txt', ['--prompt', 'x'], { prompt: 'x', promptFile: undefined }],
    ['messages: [{ role: user, content: x }]', ['--messages-file', 'm.yaml'], { messages: undefined }],
    ['messagesFile: m.yaml', [], { messagesFile: 'm.yaml' }],
    ['prompt: |-\n  one\n  two', [], { prompt: 'one\ntwo' }],
  ])('that says %j and %j make flags together', async (text, typed, flags) => {
    const expected = Object.fromEntries(
      Object.entries(flags).map(([key, value]) => {
        const isOfJob = typeof value === 'string' && key.endsWith('File') && typed.length === 0
        return [key, isOfJob ? join(folder, value) : value]
      }),
    )
    const { flags: merged } = await read(`input: rows.csv\n${text}\n`, ...typed)
    expect(Object.fromEntries(Object.keys(flags).map((key) => [key, merged[key]]))).toEqual(expected)
  })

  it('counts its paths from its own folder, but those that were typed from the working folder', async () => {
    const { flags, inputPaths } = await read(
      'input: [in/rows.csv, b.csv]\noutput: out.csv\nevents: log.jsonl',
      '--events',
      'x',
    )
    expect([inputPaths, flags['output'], flags['events']]).toEqual([
      [join(folder, 'in/rows.csv'), join(folder, 'b.csv')],
      join(folder, 'out.csv'),
      'x',
    ])
    expect(await read('input: "-"\noutput: "-"')).toMatchObject({ inputPaths: ['-'], flags: { output: '-' } })
  })

  it.each([
    ['model: x', 'job.yaml has no input'],
    ['input: a\nmodle: x', 'unknown key "modle" (did you mean model?)'],
    ['input: a\nmax-tokens: 5', 'unknown key "max-tokens" (did you mean maxTokens?)'],
    ['input: a\nyes: true', 'unknown key "yes"'],
    ['input: a\napiKey: sk-1', '"apiKey" is not a key of a job file; API keys are taken from the environment only'],
    ['input: a\nOPENAI_API_KEY: sk-1', '"OPENAI_API_KEY" is not a key of a job file'],
    ['input: a\nmistral-token: sk-1', '"mistral-token" is not a key of a job file'],
    ['input: a\nmaxTokens: many', 'maxTokens: '],
    ['input: a\nmaxTokens: 1.5', 'maxTokens: '],
    ['input: a\nname: 2026', 'name: '],
    ['input: a\nformat: xml', 'format: '],
    ['input: a\npollInterval: "5"', 'pollInterval: Write a duration'],
    ['input: a\nmessages: [{ role: nobody, content: x }]', 'messages.0.role: '],
    ['input: a\nprompt: x\npromptFile: y', 'prompt and promptFile cannot be used together'],
    ['input: a\nmessages: [{ role: user, content: x }]\nmessagesFile: y', 'cannot be used together'],
    ['- input', 'the job: '],
    ['', 'the job: '],
    ['input: a\ninput: b', 'job.yaml:2:1: Map keys must be unique'],
    ['input: !!js/function x', 'job.yaml:1:8: Unresolved tag'],
    ['input: [a', 'job.yaml:'],
    [
      `a: &a [x, x]\n${Array.from({ length: 9 }, (_, n) => `b${n}: &b${n} [${'*a, '.repeat(20)}*a]`).join('\n')}`,
      'aliases',
    ],
  ])('%j is refused', async (text, message) => {
    await expect(read(text)).rejects.toThrow(expect.objectContaining({ code: 'usage' }))
    await expect(read(text)).rejects.toThrow(message)
  })

  it('is described to editors as it is checked', () => {
    const accepts = new Ajv2020({ strict: false }).compile(jobJsonSchema())
    expect(accepts({ input: 'a.csv', model: 'openai/x', param: { seed: 1 }, wait: false })).toBe(true)
    expect(accepts({ input: 'a.csv', imageColumn: ['a'], messages: [{ role: 'user', content: 'x' }] })).toBe(true)
    expect(accepts({ input: 'a.csv', modle: 'openai/x' })).toBe(false)
    expect(accepts({ input: 'a.csv', maxTokens: 0 })).toBe(false)
  })
})

/** Something that a job file can say of a kind of option. */
const SAMPLES: Readonly<Partial<Record<OptionKind, unknown>>> = {
  texts: ['a', 'b'],
  columns: ['a', 'b'],
  flag: true,
  off: false,
  onOff: false,
  count: 3,
  countOrZero: 0,
  number: 0.5,
  megabytes: 3,
  dollars: 3,
  duration: '30s',
  deadline: '90ms',
  delimiter: ';',
  endpoint: 'chat',
  parameters: { seed: 1, stop: ['x'] },
  messages: [{ role: 'user', content: '{{a}}' }],
}

function sampleOf(name: OptionName): unknown {
  const { choices, kind } = OPTIONS[name]
  if (kind === 'path') return join(folder, `${name}.csv`)
  return choices?.at(-1) ?? SAMPLES[kind] ?? `the ${name}:\n"it" # 'is' {{so}}`
}
