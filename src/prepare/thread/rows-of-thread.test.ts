import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMITS } from '../../../test/support/built-requests.ts'
import { sampleDefinition } from '../../../test/support/run-records.ts'
import type { PreparedRow } from '../../batching/prepared-row.ts'
import { openInput } from '../../input/open.ts'
import { systemDisk as disk } from '../../lib/disk.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { RunDefinition } from '../../model/run.ts'
import type { Target } from '../../model/target.ts'
import type { Limits } from '../../providers/provider.ts'
import { templatesOf } from '../../request/messages/turns.ts'
import { loadTemplates } from '../../request/templates/template-compiler.ts'
import { chosenRows } from '../chosen-rows.ts'
import { preparedRows } from '../prepared-rows.ts'
import { rowsOfThread, type ThreadOptions } from './rows-of-thread.ts'

const PROGRAM = fileURLToPath(new URL('../../../dist/prepare/thread/preparing-thread.js', import.meta.url))

/** Lines longer than this are too long. */
const MAX_LINE_BYTES = 600

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-thread-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** What came of an input: its rows, how many were read, and how it ended. */
interface Outcome {
  readonly rows: readonly PreparedRow[]
  readonly read: number
  readonly error: unknown
}

type Rows = (onRead: (rows: number) => void) => AsyncIterable<readonly PreparedRow[]>

async function outcomeOf(open: Rows): Promise<Outcome> {
  const rows: PreparedRow[] = []
  let read = 0
  try {
    for await (const list of open((count) => (read = count))) rows.push(...list)
    return { rows, read, error: null }
  } catch (error) {
    if (!LlmBatchError.isInstance(error)) throw error
    const { code, message, next } = error
    return { rows, read: 0, error: { code, message, next, said: error.inWords((text) => `> ${text}`) } }
  }
}

function limitsOf({ model }: Target): Limits {
  return { ...LIMITS, maxLineBytes: model === 'gpt-6-luna' ? 400 : 700 }
}

function inThread(task: ThreadOptions['task'], program = PROGRAM): Rows {
  return (onRead) => rowsOfThread({ program, task, limitsOf, onRead })
}

function inThisThread({ definition, input, isCountingTokens }: ThreadOptions['task']): Rows {
  return async function* (onRead) {
    const compile = await loadTemplates(templatesOf(definition))
    const rows = chosenRows(openInput({ ...input, disk }), { onRead })
    yield* preparedRows(rows, { definition, disk, compile, limitsOf, isCountingTokens })
  }
}

/** A text with everything that has a meaning somewhere, and characters of one to four bytes. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '',
    ' ',
    'a "quoted" word',
    'two\nlines',
    'a, b; c',
    '\ud800',
    'x'.repeat(900),
    '{{text}}',
    'né – 😀',
  ),
)
const anyId = fc.constantFrom('a', 'b', 'c', 'row 4', '', 7, 12, null, true)

const anyRecord = fc.record({ id: anyId, text: anyText, 2: anyText }, { requiredKeys: [] })
const anyChat = fc.record(
  { id: anyId, messages: fc.oneof(fc.constant([{ role: 'user', content: 'Hello.' }]), fc.constant([]), anyText) },
  { requiredKeys: [] },
)
const anyLine = fc.record(
  {
    custom_id: anyId,
    url: fc.constantFrom('/v1/chat/completions', '/v1/embeddings', '/v1/none'),
    body: fc.record(
      {
        model: fc.constantFrom('gpt-6.1-terra', 'gpt-6-luna', 3),
        messages: fc.constant([{ role: 'user', content: 'Hello.' }]),
        max_tokens: fc.nat(9),
        stream: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

/** Lines of JSON with those of a kind among others that no reader takes. */
function jsonLines(record: fc.Arbitrary<object>): fc.Arbitrary<Buffer> {
  const line = fc.oneof(
    { weight: 8, arbitrary: record.map((value) => Buffer.from(JSON.stringify(value))) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('{"id":', '[1]', '"text"', '', '  ', 'null').map((text) => Buffer.from(text)),
    },
    { weight: 1, arbitrary: fc.constant(Buffer.from([0x7b, 0xff, 0x7d])) },
  )
  const ended = fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n'))
  return fc
    .array(ended, { maxLength: 60 })
    .map((lines) => Buffer.concat(lines.flatMap(([bytes, end]) => [bytes, Buffer.from(end)])))
}

const anyCell = fc.oneof(
  anyText.map((text) => `"${text.replaceAll('"', '""')}"`),
  fc.constantFrom('plain', '', 'a"b', '"not "doubled"', '"never closed'),
)
const csvText = fc
  .array(fc.oneof(fc.tuple(anyCell, anyCell), fc.tuple(anyCell, anyCell), fc.tuple(anyCell)), { maxLength: 40 })
  .map((lines) => Buffer.from(['id,text', ...lines.map((cells) => cells.join())].join('\n')))

interface AnyFile {
  readonly ending: string
  readonly bytes: Buffer
}

function files(records: fc.Arbitrary<object>): fc.Arbitrary<readonly AnyFile[]> {
  const file = fc.oneof(
    { weight: 4, arbitrary: jsonLines(records).map((bytes) => ({ ending: 'jsonl', bytes })) },
    { weight: 1, arbitrary: jsonLines(records).map((bytes) => ({ ending: 'jsonl.gz', bytes: gzipSync(bytes) })) },
    {
      weight: 1,
      arbitrary: fc.array(records).map((list) => ({ ending: 'json', bytes: Buffer.from(JSON.stringify(list)) })),
    },
    { weight: 2, arbitrary: csvText.map((bytes) => ({ ending: 'csv', bytes })) },
    {
      weight: 1,
      arbitrary: fc.array(anyText).map((texts) => ({ ending: 'txt', bytes: Buffer.from(texts.join('\n'), 'utf16le') })),
    },
  )
  return fc.array(file, { minLength: 1, maxLength: 3 })
}

const prompts = fc.record({
  shape: fc.constant('records' as const),
  prompt: fc.constantFrom('{{text}}', 'Say: {{ text }} {{2}}', '{{ text | upcase }}', 'The same.'),
  system: fc.constantFrom(null, 'Be short, {{id}}.'),
  idColumn: fc.constantFrom(null, 'id'),
  endpoint: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constant('/v1/none') }),
})

const anyInput: fc.Arbitrary<readonly [Partial<RunDefinition>, readonly AnyFile[]]> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(prompts, files(anyRecord)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant({ shape: 'chat' as const, prompt: null, idColumn: 'id' }), files(anyChat)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant({ shape: 'provider' as const, prompt: null, model: null }), files(anyLine)),
  },
)

describe('rows that a thread prepares', () => {
  it('are those that the main thread would have prepared, with the same problems in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(anyInput, async ([parts, given]) => {
        const paths = given.map(({ ending }, index) => join(folder, `input-${index}.${ending}`))
        for (const [index, { bytes }] of given.entries()) await writeFile(paths[index] ?? '', bytes)
        const definition = sampleDefinition({ ...parts, inputPaths: paths })
        const task = { definition, input: { source: { paths }, maxLineBytes: MAX_LINE_BYTES }, isCountingTokens: false }
        expect(await outcomeOf(inThread(task))).toEqual(await outcomeOf(inThisThread(task)))
      }),
      { numRuns: 20 },
    )
  })

  it('wait for the reader, who may leave before the end, and share what all rows of a target or a table share', async () => {
    const path = join(folder, 'long.csv')
    await writeFile(
      path,
      `text\n${Array.from({ length: 30_000 }, (_, row) => `row ${row} ${'x'.repeat(100)}\n`).join('')}`,
    )
    const task = { definition: sampleDefinition(), input: { source: { path } }, isCountingTokens: false }
    let most = 0
    const rows: PreparedRow[] = []
    for await (const list of inThread(task)((read) => (most = read))) {
      rows.push(...list)
      if (rows.length > 5_000) break
    }
    expect(most).toBeLessThan(15_000)
    expect(new Set(rows.map(({ columns }) => columns.table)).size).toBe(1)
    expect(new Set(rows.map(({ request }) => request?.target)).size).toBe(1)
  })

  it('end with an error that names its cause where the thread breaks down', async () => {
    const task = { definition: sampleDefinition(), input: { source: { path: 'none.csv' } }, isCountingTokens: false }
    const broken = async (program: string): Promise<unknown> => {
      const path = join(folder, `broken-${program.length}.mjs`)
      await writeFile(path, program)
      return await outcomeOf(inThread(task, path)).catch((error: unknown) => error)
    }
    const message = expect.stringContaining('the thread that prepares rows has ended before its work')
    const cause = expect.objectContaining({ message: 'out of luck' })
    expect(await broken("throw new Error('out of luck')")).toMatchObject({ message, cause })
    expect(await broken('process.exit(0)')).toMatchObject({ message })
    expect(await outcomeOf(inThread(task))).toMatchObject({
      error: { code: 'input', message: expect.stringContaining('none.csv') },
    })
  })
})
