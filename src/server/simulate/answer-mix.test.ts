import { describe, expect, it } from 'vitest'
import { digestOf } from '../state/identifier.ts'
import { checkedShares, FLAWS, flawOf, parseAnswerShares } from './answer-mix.ts'
import { simulateRow } from './execute-row.ts'

const SCHEMA = {
  type: 'object',
  properties: {
    label: { enum: ['bug', 'question'] },
    score: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['label', 'score', 'tags'],
  additionalProperties: false,
}

/** The text that a model with these shares answers to a prompt, and how the answer ended. */
function answerTo(prompt: string, answers: string, body: object = {}) {
  const format = { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA } }
  const request = { model: 'm', messages: [{ role: 'user', content: prompt }], response_format: format, ...body }
  const endpoint = '/v1/chat/completions'
  const mix = { shares: parseAnswerShares(answers), seed: 1 }
  const result = simulateRow({ dialect: 'openai', endpoint, model: 'm', body: request, createdAt: 0 }, new Map(), mix)
  if (result.fate !== 'answered') throw new Error(`not answered: ${result.fate}`)
  const { choices } = result.body as {
    choices: { finish_reason: string; message: { content: string | null; refusal: string | null } }[]
  }
  return { ...choices[0], billed: result.billed }
}

const content = (prompt: string, answers: string): string => answerTo(prompt, answers).message?.content ?? ''

describe('flawOf', () => {
  it('keeps to the shares, and to its choice', () => {
    const mix = { shares: { invalid: 0.1, refused: 0.25 }, seed: 7 }
    const chosen = Array.from({ length: 4_000 }, (_, row) => flawOf(mix, digestOf(row))?.name)
    const count = (name: string | undefined) => chosen.filter((one) => one === name).length
    expect(count('invalid')).toBeGreaterThan(320)
    expect(count('invalid')).toBeLessThan(480)
    expect(count('refused')).toBeGreaterThan(900)
    expect(count('refused')).toBeLessThan(1_100)
    expect(count(undefined)).toBe(4_000 - count('invalid') - count('refused'))
    expect(chosen).toEqual(Array.from({ length: 4_000 }, (_, row) => flawOf(mix, digestOf(row))?.name))
    const other = Array.from({ length: 4_000 }, (_, row) => flawOf({ ...mix, seed: 8 }, digestOf(row))?.name)
    expect(other).not.toEqual(chosen)
  })

  it.each(FLAWS.map(({ name }) => name))('chooses %s always for a share of 1', (name) => {
    expect(flawOf({ shares: { [name]: 1 }, seed: 1 }, digestOf('x'))?.name).toBe(name)
  })
})

describe('parseAnswerShares', () => {
  it('reads words and shares', () => {
    expect(parseAnswerShares('invalid=0.05, fenced=0.1')).toEqual({ invalid: 0.05, fenced: 0.1 })
    expect(parseAnswerShares('invalid=0.7,fenced=0.1,stray=0.1,empty=0.1')).toMatchObject({ empty: 0.1 })
  })

  it.each(['wrong=0.1', 'invalid', 'invalid=', 'invalid=2', 'invalid=-1', 'invalid=x', 'invalid=0.6,empty=0.6', ''])(
    'refuses %j',
    (text) => {
      expect(() => parseAnswerShares(text)).toThrow(expect.objectContaining({ code: 'usage' }))
    },
  )

  it('checks shares given as an object too', () => {
    expect(() => checkedShares({ invalid: 0.6, empty: 0.6 })).toThrow(/more than 1/)
  })
})

describe('a spoiled answer', () => {
  it('is no JSON where it is invalid', () => {
    expect(() => JSON.parse(content('x', 'invalid=1'))).toThrow(SyntaxError)
  })

  it('holds the good answer where it is fenced or has words around it', () => {
    const good = content('x', 'invalid=0')
    expect(JSON.parse(good)).toMatchObject({ score: expect.any(Number) })
    expect(content('x', 'fenced=1')).toBe(`\`\`\`json\n${good}\n\`\`\``)
    expect(content('x', 'stray=1')).toMatch(/^Here it is:\n\n\{/)
    expect(content('x', 'stray=1')).toContain(good)
  })

  it('breaks the schema by a property that is missing or of another type', () => {
    const found = Array.from({ length: 40 }, (_, row) => JSON.parse(content(`row ${row}`, 'wrong_schema=1')) as object)
    const missing = found.filter((value) => Object.keys(value).length < 3)
    expect(missing.length).toBeGreaterThan(5)
    expect(missing.length).toBeLessThan(35)
    const mistyped = found.filter((value) =>
      Object.values(value).some((one) => typeof one === 'object' && !Array.isArray(one)),
    )
    expect(missing.length + mistyped.length).toBe(40)
  })

  it.each([
    ['truncated=1', { finish_reason: 'length' }],
    ['refused=1', { message: { content: null, refusal: expect.stringContaining('sorry') } }],
    ['empty=1', { message: { content: '' }, finish_reason: 'stop' }],
  ])('can be %s', (answers, expected) => {
    expect(answerTo('x', answers)).toMatchObject(expected)
  })

  it('is billed and named in the books', () => {
    expect(answerTo('x', 'refused=1').billed).toMatchObject({ flaw: 'refused' })
    expect(answerTo('x', 'refused=0').billed).not.toHaveProperty('flaw')
  })

  it('is what the prompt asks for where it holds a directive', () => {
    expect(answerTo('x [[simulate: length]]', 'refused=1')).toMatchObject({ finish_reason: 'length' })
  })

  it('may be good when it is asked again in a longer conversation', () => {
    const prompts = Array.from({ length: 60 }, (_, row) => `row ${row}`)
    const bad = prompts.filter((prompt) => answerTo(prompt, 'refused=0.5').billed?.flaw)
    const again = bad.filter((prompt) => {
      const messages = [
        { role: 'user', content: prompt },
        { role: 'assistant', content: 'no' },
        { role: 'user', content: 'Answer with JSON.' },
      ]
      return answerTo(prompt, 'refused=0.5', { messages }).billed?.flaw
    })
    expect(bad.length).toBeGreaterThan(10)
    expect(again.length).toBeLessThan(bad.length)
    expect(again.length).toBeGreaterThan(0)
  })
})

describe('an answer with several choices', () => {
  it('gives each its own text and bills all of them', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'x' }], n: 3 }
    const result = simulateRow(
      { dialect: 'mistral', endpoint: '/v1/chat/completions', model: 'm', body, createdAt: 0 },
      new Map(),
    )
    if (result.fate !== 'answered') throw new Error('not answered')
    const { choices, usage } = result.body as {
      choices: { message: { content: string } }[]
      usage: { completion_tokens: number }
    }
    expect(new Set(choices.map(({ message }) => message.content)).size).toBe(3)
    expect(usage.completion_tokens).toBe(result.billed?.outputTokens)
    expect(usage.completion_tokens).toBe(
      choices.reduce((sum, { message }) => sum + Math.ceil(message.content.length / 4), 0),
    )
  })
})

describe('an embedding of nothing', () => {
  it.each([{ input: '' }, { input: ['a', ''] }, { input: [] }, {}])('is refused: %j', (body) => {
    const request = { dialect: 'openai', endpoint: '/v1/embeddings', model: 'm', body, createdAt: 0 } as const
    expect(simulateRow(request, new Map())).toMatchObject({ status: 400, billed: null })
  })
})
