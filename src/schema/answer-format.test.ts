import { describe, expect, it } from 'vitest'
import { answerFields } from './answer-format.ts'

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: { label: { type: 'string' } },
}
const ANSWER = { schema: SCHEMA, name: 'ticket', isStrict: true }
const CHAT = {
  target: { provider: 'openai', endpoint: '/v1/chat/completions' },
  schemaDialect: 'subset',
  parameters: {},
} as const
const RESPONSES = { ...CHAT, target: { provider: 'openai', endpoint: '/v1/responses' } }

const STRICT = {
  type: 'object',
  properties: { label: { type: ['string', 'null'] } },
  required: ['label'],
  additionalProperties: false,
}

describe('the fields that ask for a schema', () => {
  it('are the response format of a chat', () => {
    expect(answerFields(ANSWER, CHAT)).toEqual({
      response_format: { type: 'json_schema', json_schema: { name: 'ticket', schema: STRICT, strict: true } },
    })
  })

  it('stand in the text of a response, beside what else is said of it', () => {
    expect(answerFields(ANSWER, { ...RESPONSES, parameters: { text: { verbosity: 'low' } } })).toEqual({
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'ticket', schema: STRICT, strict: true } },
    })
  })

  it('hold the schema as it is where nothing is to be enforced, whatever rules it breaks', () => {
    const open = { ...ANSWER, schema: { $schema: 'x', type: 'object', additionalProperties: true }, isStrict: false }
    expect(answerFields(open, CHAT)).toEqual({
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'ticket', schema: { type: 'object', additionalProperties: true }, strict: false },
      },
    })
  })

  it('are refused with every flaw named, up to five, and the way out', () => {
    const properties = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, { type: 'array' }]))
    expect(() => answerFields({ ...ANSWER, schema: { type: 'object', properties } }, CHAT)).toThrow(
      /rules of openai for strict answers: #\/properties\/a is a list without "items"; .*; and 1 more$/,
    )
    const flawed = { ...ANSWER, schema: { type: 'string' } }
    expect(() => answerFields(flawed, CHAT)).toThrow(
      expect.objectContaining({ code: 'usage', next: expect.stringContaining('strict: false') }),
    )
    expect(() => answerFields(flawed, { ...CHAT, schemaDialect: 'closed' })).not.toThrow()
  })

  it.each([
    ['an endpoint without schemas', { ...CHAT, schemaDialect: null }, /does not support a schema/],
    [
      'a response format of the user',
      { ...CHAT, parameters: { response_format: { type: 'json_object' } } },
      /"response_format" and a schema/,
    ],
    ['a text format of the user', { ...RESPONSES, parameters: { text: { format: {} } } }, /"format" and a schema/],
  ])('are refused beside %s', (_what, place, message) => {
    expect(() => answerFields(ANSWER, place)).toThrow(message)
  })
})
