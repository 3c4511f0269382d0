import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../model/answer.ts'
import { createAnswerCheck, type ValueJudge } from './check-answer.ts'
import { schemaOfFields } from './fields.ts'

async function check(text: string, schema: JsonSchema, judge?: ValueJudge) {
  return await (await createAnswerCheck({ schema, name: 'answer', isStrict: true }, judge))(text)
}

const TICKET = schemaOfFields(['label: billing|support', 'count: integer', 'tags: string[]'])

describe('a checked answer', () => {
  it('is valid where it fits, with what had to be overlooked', async () => {
    expect(await check('{"label":"billing","count":1,"tags":[]}', TICKET)).toEqual({ isValid: true, note: null })
    expect(await check('Sure: {"label":"billing","count":1,"tags":[]}', TICKET)).toEqual({
      isValid: true,
      note: 'stray_text',
    })
  })

  it.each([
    ['{"label":"refund","count":1,"tags":[]}', 'label must be one of "billing","support", but is "refund"'],
    ['{"label":"billing","count":"1","tags":[]}', 'count must be integer, but is "1"'],
    ['{"label":"billing","count":1,"tags":["a",2]}', 'tags[1] must be string, but is 2'],
    ['{"label":"billing","count":1}', 'tags is missing'],
    ['{"label":"billing","count":1,"tags":[],"more":0}', 'more is not asked for'],
    ['[]', 'the answer must be object, but is []'],
    ['{"count":"x","tags":[]}', 'label is missing; count must be integer, but is "x"'],
  ])('%s does not fit: %s', async (text, message) => {
    expect(await check(text, TICKET)).toEqual({ isValid: false, code: 'schema_mismatch', message })
  })

  it.each([
    ['billing', /contains no JSON/],
    ['[simulated] billing', /contains no JSON/],
    ['{"label": "bil', /begins like JSON, but it is broken/],
  ])('%j is no JSON', async (text, message) => {
    expect(await check(text, TICKET)).toMatchObject({
      isValid: false,
      code: 'invalid_json',
      message: expect.stringMatching(message),
    })
  })

  it('tells the first few places only', async () => {
    const text = JSON.stringify({ label: 'billing', count: 1, tags: Array.from({ length: 20 }, (_, index) => index) })
    expect(await check(text, TICKET)).toMatchObject({
      message: expect.stringMatching(/^tags\[0\].*tags\[4\][^;]*; and 15 more$/),
    })
  })

  it.each([
    ['date', '2026-02-28', '2026-02-30'],
    ['date-time', '2026-11-27T10:00:00.5+01:00', '2026-11-27 10:00'],
    ['time', '10:00:00Z', '25:00:00Z'],
    ['duration', 'P1DT2H', 'P'],
    ['email', 'a.b@example.com', 'a@@b'],
    ['hostname', 'a-b.example', '-a'],
    ['ipv4', '127.0.0.1', '127.0.0.256'],
    ['uri', 'https://example.com/a?b', 'example'],
    ['uuid', '00000000-0000-4000-8000-000000000000', '0000'],
  ])('has its %s looked at', async (format, good, bad) => {
    const schema = { type: 'object', properties: { it: { type: 'string', format } } }
    expect(await check(JSON.stringify({ it: good }), schema)).toMatchObject({ isValid: true })
    expect(await check(JSON.stringify({ it: bad }), schema)).toMatchObject({
      message: `it must match format "${format}"`,
    })
  })

  it.each([
    'http://json-schema.org/draft-06/schema#',
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('is checked by the draft that the schema names: %s', async ($schema) => {
    expect(await check('{"label":"x","count":1,"tags":[]}', { $schema, ...TICKET })).toMatchObject({ isValid: false })
  })

  it.each<[string, JsonSchema]>([
    ['a type that does not exist', { type: 'strnig' }],
    ['a reference that leads nowhere', { $ref: '#/$defs/none' }],
    ['a pattern that is none', { type: 'string', pattern: '(' }],
  ])('is not to be had by a schema with %s', async (_what, schema) => {
    await expect(check('{}', schema)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('the schema cannot be used'),
    })
  })

  it('does not end the program where it nests without end', async () => {
    const schema = { $ref: '#/$defs/list', $defs: { list: { type: 'array', items: { $ref: '#/$defs/list' } } } }
    expect(await check('['.repeat(200_000) + ']'.repeat(200_000), schema)).toMatchObject({ isValid: false })
  })

  it('is put before the judge of the user only where it fits the schema', async () => {
    const seen: unknown[] = []
    const judge = async (value: unknown) => {
      seen.push(value)
      return 'the count is odd'
    }
    expect(await check('{"label":"billing","count":1,"tags":[]}', TICKET, judge)).toMatchObject({
      message: 'the count is odd',
    })
    expect(await check('{}', TICKET, judge)).toMatchObject({ isValid: false })
    expect(seen).toEqual([{ label: 'billing', count: 1, tags: [] }])
  })
})
