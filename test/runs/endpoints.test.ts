// Every endpoint that requests are made for, by the built command, from a file of rows to a file of answers.
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const NUMBERS = (count: number) => expect.toSatisfy((value: unknown) => isVector(value, count))

function isVector(value: unknown, count: number): boolean {
  return Array.isArray(value) && value.length === count && value.every((entry) => typeof entry === 'number')
}

/** Types `run` on these rows and gives the answers, in order. */
async function answers(world: LocalWorld, rows: readonly object[], ...words: string[]): Promise<readonly unknown[]> {
  await world.write('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))
  expectExit(await typeHere(world, 'run', 'rows.jsonl', '-o', 'out.jsonl', '--quiet', '--yes', ...words), 0)
  return parseLines(await readFile(`${world.folder}/out.jsonl`, 'utf8')).map((line) => line['llm_output'])
}

const TEXTS = [{ body: 'about violence' }, { body: 'about hats' }]
const COLUMN = ['--text-column', 'body']
const CLASSES = { simulated: { label: expect.stringMatching(/tive|neutral/), scores: expect.anything() } }
const SIMULATED = expect.stringMatching(/^\[simulated\] /)

type Case = readonly [words: string, rows: readonly object[], expected: readonly unknown[]]

const OPENAI: readonly Case[] = [
  ['responses --prompt {{body}} --system Short. --max-tokens 50', TEXTS, [SIMULATED, SIMULATED]],
  ['embeddings --text-column body', TEXTS, [NUMBERS(8), NUMBERS(8)]],
  ['embeddings --text-column body --param dimensions=3', TEXTS, [NUMBERS(3), NUMBERS(3)]],
  ['embeddings --text-column body', [{ body: ['a', 'b'] }, { body: ['a'] }], [[NUMBERS(8), NUMBERS(8)], [NUMBERS(8)]]],
  [
    'moderations --text-column body',
    TEXTS,
    [{ flagged: true }, { flagged: false }].map((verdict) => expect.objectContaining(verdict)),
  ],
  ['chat --prompt {{body}} --param n=3', TEXTS, [Array(3).fill(SIMULATED), Array(3).fill(SIMULATED)]],
]

const MISTRAL: readonly Case[] = [
  ['embeddings --prompt {{body}}', TEXTS, [NUMBERS(8), NUMBERS(8)]],
  ['embeddings --text-column body --param encoding_format=base64', TEXTS, [NUMBERS(8), NUMBERS(8)]],
  [
    'moderations --text-column body',
    TEXTS,
    [
      {
        flagged: true,
        categories: expect.objectContaining({ violence_and_threats: true }),
        category_scores: expect.anything(),
      },
      expect.objectContaining({ flagged: false }),
    ],
  ],
  [
    'chat-moderations --prompt {{body}}',
    TEXTS,
    [{ flagged: true }, { flagged: false }].map((verdict) => expect.objectContaining(verdict)),
  ],
  ['classifications --text-column body', TEXTS, [CLASSES, CLASSES]],
  ['chat-classifications --prompt {{body}}', TEXTS, [CLASSES, CLASSES]],
  ['fim --text-column body --suffix-column after', [{ body: 'def f():', after: 'return x' }], [SIMULATED]],
]

describe('llm-batch run --endpoint', () => {
  it.each(OPENAI)('%s answers at OpenAI', async (words, rows, expected) => {
    const world = await openWorld()
    const found = await answers(world, rows, '--model', 'openai/gpt-6-luna', '--endpoint', ...words.split(' '))
    expect(found).toEqual(expected)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: rows.length, rowsBilledAgain: 0 })
  })

  it.each(MISTRAL)('%s answers at Mistral', async (words, rows, expected) => {
    const world = await openWorld()
    const found = await answers(
      world,
      rows,
      '--model',
      'mistral/mistral-small-latest',
      '--endpoint',
      ...words.split(' '),
    )
    expect(found).toEqual(expected)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: rows.length, rowsBilledAgain: 0 })
  })

  it('gives the same vectors for packed ones', async () => {
    const world = await openWorld()
    const words = ['--model', 'openai/text-embedding-3-small', '--endpoint', 'embeddings', ...COLUMN]
    const plain = await answers(world, TEXTS, ...words)
    const packed = await answers(world, TEXTS, ...words, '--param', 'encoding_format=base64', '--force')
    expect(packed).toEqual(plain)
  })

  it('writes vectors as JSON text into CSV', async () => {
    const world = await openWorld()
    await world.write('rows.csv', 'body\nhello\n')
    const words = ['--model', 'openai/text-embedding-3-small', '--endpoint', 'embeddings', ...COLUMN]
    expectExit(await type(world, 'run', 'rows.csv', ...words, '--param', 'dimensions=2', '-o', 'out.csv', '--quiet'), 0)
    expect(await readFile(`${world.folder}/out.csv`, 'utf8')).toMatch(/^hello,"\[-?[\d.]+,-?[\d.]+\]",succeeded/m)
  })

  it('passes provider-ready lines of other endpoints on, and writes their answers as values', async () => {
    const world = await openWorld()
    const rows = [
      { custom_id: 'a', body: { document: { type: 'document_url', document_url: 'https://example.com/a.pdf' } } },
    ]
    const [answer] = await answers(world, rows, '--model', 'mistral/mistral-ocr-latest', '--endpoint', '/v1/ocr')
    expect(answer).toMatchObject({ pages: [{ index: 0, markdown: expect.stringContaining('[simulated]') }] })
  })

  it('finds empty texts before they cost anything', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"body":"x"}\n{"body":""}\n')
    const words = ['--model', 'openai/text-embedding-3-small', '--endpoint', 'embeddings', ...COLUMN]
    const { code, stderr } = await typeHere(world, 'run', 'rows.jsonl', ...words, '-o', 'out.jsonl')
    expectExit({ code, stderr }, 2)
    expect(stderr).toMatch(/empty_text[\s\S]*"body" is empty/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
  })

  it('cuts batches by the inputs that OpenAI counts, and by the bytes of the vectors', async () => {
    const world = await openWorld({ config: { limits: { maxInputs: 5 } } })
    const rows = Array.from({ length: 6 }, (_, index) => ({ body: [`a${index}`, `b${index}`] }))
    const words = ['--model', 'openai/text-embedding-3-small', '--endpoint', 'embeddings', ...COLUMN]
    await answers(world, rows, ...words)
    expect((await world.server.ledger()).batches.map((batch) => batch.rows)).toEqual([2, 2, 2])
    await world.write('small.json', JSON.stringify({ limits: { maxOutputBytes: 3 * 2 * 1_536 * 22 } }))
    const { code, stderr, stdout } = await typeHere(
      world,
      'plan',
      'rows.jsonl',
      ...words,
      '--json',
      '--config',
      'small.json',
    )
    expectExit({ code, stderr }, 0)
    expect(JSON.parse(stdout)).toMatchObject({ batches: 2, expectedOutputTokens: 0, mostOutputTokens: 0 })
  })

  it('names what the provider offers when asked for something else, and knows no other names', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"body":"x"}\n')
    const words = ['plan', 'rows.jsonl', '--model', 'mistral/m', '--prompt', 'x', '--endpoint']
    const [responses, guess] = await Promise.all([
      type(world, ...words, 'responses'),
      typeHere(world, ...words, 'embed'),
    ])
    expectExit(responses, 2)
    expect(responses.stderr).toMatch(/mistral does not support batches for responses[\s\S]*chat, embeddings, fim/)
    expectExit(guess, 2)
    expect(guess.stderr).toMatch(/no endpoint named "embed"[\s\S]*chat-moderations/)
  })
})

describe('what moderation costs', () => {
  it('is nothing at OpenAI, also under a cap', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', TEXTS.map((row) => JSON.stringify(row)).join('\n'))
    const words = [
      '--model',
      'openai/omni-moderation-latest',
      '--endpoint',
      'moderations',
      ...COLUMN,
      '--max-cost',
      '1',
    ]
    const { code, stderr, stdout } = await typeHere(world, 'run', 'rows.jsonl', ...words, '-o', 'out.jsonl', '--json')
    expectExit({ code, stderr }, 0)
    expect(JSON.parse(stdout)).toMatchObject({ costUsd: 0 })
  })
})

describe('llm-batch try --endpoint', () => {
  it.each([
    ['openai/text-embedding-3-small', 'embeddings', /Answer +\[-?[\d.]+, -?[\d.]+, -?[\d.]+, … 12 numbers\]/],
    ['mistral/mistral-moderation-latest', 'moderations', /Answer +\{"flagged": true, "categories"/],
  ])('calls %s directly and shows its answer short', async (model, endpoint, shown) => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"body":"about violence"}\n')
    const words = ['--model', model, '--endpoint', endpoint, ...COLUMN]
    const more = endpoint === 'embeddings' ? ['--param', 'dimensions=12'] : []
    const { code, stderr, stdout } = await typeHere(world, 'try', 'rows.jsonl', ...words, ...more)
    expectExit({ code, stderr }, 0)
    expect(stdout).toMatch(/Prompt +about violence/)
    expect(stdout).toMatch(shown)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 1 })
  })
})
