import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../model/answer.ts'
import { wireSchema } from './wire-schema.ts'

/** A closed object with these properties, as strict schemas have them. */
function object(properties: JsonSchema, required = Object.keys(properties)): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}

/** An object with one property, as a user writes it. */
function holding(schema: unknown): JsonSchema {
  return { type: 'object', properties: { it: schema }, required: ['it'] }
}

describe('a schema for strict answers', () => {
  it.each<[string, JsonSchema, JsonSchema]>([
    ['closes objects at every depth', holding({ type: 'object', properties: {} }), object({ it: object({}) })],
    [
      'requires optional properties and allows null for them',
      {
        type: 'object',
        properties: {
          text: { type: 'string' },
          label: { type: 'string', enum: ['a'] },
          list: { type: 'array', items: { type: 'string' } },
          either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
          part: { $ref: '#/$defs/part' },
          mayBeNull: { type: ['string', 'null'] },
        },
        $defs: { part: { type: 'string' } },
      },
      {
        ...object({
          text: { type: ['string', 'null'] },
          label: { type: ['string', 'null'], enum: ['a', null] },
          list: { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }] },
          either: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] },
          part: { anyOf: [{ $ref: '#/$defs/part' }, { type: 'null' }] },
          mayBeNull: { type: ['string', 'null'] },
        }),
        $defs: { part: { type: 'string' } },
      },
    ],
    [
      'names types that follow from values',
      holding({ enum: ['a', 'b', null] }),
      object({ it: { enum: ['a', 'b', null], type: ['string', 'null'] } }),
    ],
    [
      'names types that follow from parts',
      { properties: { it: { items: { type: 'string' } } }, required: ['it'] },
      object({ it: { type: 'array', items: { type: 'string' } } }),
    ],
    [
      'leaves out remarks',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        ...holding({ type: 'string', default: 'x', examples: ['y'], description: 'what' }),
      },
      object({ it: { type: 'string', description: 'what' } }),
    ],
    [
      'sends one of several as any of several',
      holding({ oneOf: [{ type: 'string' }, { type: 'null' }] }),
      object({ it: { anyOf: [{ type: 'string' }, { type: 'null' }] } }),
    ],
    [
      'sees through an intersection of one',
      holding({ description: 'a part', allOf: [{ type: 'string' }] }),
      object({ it: { type: 'string', description: 'a part' } }),
    ],
    [
      'follows a reference at its root',
      { $ref: '#/definitions/it', definitions: { it: object({ next: { $ref: '#/definitions/it' } }) } },
      {
        ...object({ next: { $ref: '#/definitions/it' } }),
        definitions: { it: object({ next: { $ref: '#/definitions/it' } }) },
      },
    ],
    [
      'keeps limits that are known',
      holding({ type: 'array', items: { type: 'number', minimum: 0, multipleOf: 2 }, minItems: 1 }),
      object({ it: { type: 'array', minItems: 1, items: { type: 'number', multipleOf: 2, minimum: 0 } } }),
    ],
  ])('%s', (_what, given, expected) => {
    const { flaws, schema } = wireSchema(given, 'subset')
    expect(flaws).toEqual([])
    expect(schema).toEqual(expected)
  })

  it('leaves out limits that are checked here only, and tells which', () => {
    const { leftOut, schema } = wireSchema(holding({ type: 'string', minLength: 2, format: 'uri' }), 'subset')
    expect(schema).toEqual(object({ it: { type: 'string' } }))
    expect(leftOut).toEqual([
      { path: '#/properties/it', keyword: 'format' },
      { path: '#/properties/it', keyword: 'minLength' },
    ])
  })

  const deep = Array.from({ length: 10 }).reduce<JsonSchema>((inner) => holding(inner), holding({ type: 'string' }))
  const many = Object.fromEntries(Array.from({ length: 5_001 }, (_, index) => [`p${index}`, { type: 'string' }]))

  it.each<[JsonSchema, string, RegExp]>([
    [{ type: 'array', items: { type: 'string' } }, '#', /is not an object, as the root/],
    [{ anyOf: [holding({ type: 'string' }), holding({ type: 'number' })] }, '#', /offers several shapes/],
    [{ ...holding({ type: 'string' }), additionalProperties: true }, '#', /allows further properties/],
    [
      holding({ type: 'object', additionalProperties: { type: 'string' } }),
      '#/properties/it',
      /allows further properties/,
    ],
    [{ type: 'object', properties: {}, required: ['it'] }, '#', /requires "it", which is not among/],
    [holding({}), '#/properties/it', /has no type/],
    [holding(true), '#/properties/it', /is true, which does not set a type/],
    [holding({ type: 'array' }), '#/properties/it', /a list without "items"/],
    [holding({ type: 'array', items: [{ type: 'string' }] }), '#/properties/it', /each place of a list/],
    [
      holding({ type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'string' } }),
      '#/properties/it',
      /uses "prefixItems"/,
    ],
    [holding({ allOf: [{ type: 'string' }, { minLength: 1 }] }), '#/properties/it', /uses "allOf"/],
    [holding({ type: 'string', not: { const: 'x' } }), '#/properties/it', /uses "not"/],
    [
      holding({ type: 'object', patternProperties: { '^a': { type: 'string' } } }),
      '#/properties/it',
      /uses "patternProperties"/,
    ],
    [holding({ $ref: 'https://example.com/other.json' }), '#/properties/it', /refers to https/],
    [{ ...holding({ $ref: '#/$defs/a~1b' }), $defs: { 'a/b': {} } }, '#/$defs/a~1b', /has no type/],
    [deep, `#${'/properties/it'.repeat(10)}`, /11 levels deep; the maximum is 10/],
    [{ type: 'object', properties: many }, '#', /has 5001 properties; the maximum is 5000/],
    [
      holding({ type: 'integer', enum: Array.from({ length: 1_001 }, (_, index) => index) }),
      '#',
      /1001 values of enumerations/,
    ],
    [
      holding({ type: 'string', enum: Array.from({ length: 251 }, (_, index) => `${index}`.padStart(100, 'x')) }),
      '#/properties/it',
      /with more than 250 values/,
    ],
    [holding({ type: 'string', enum: ['x'.repeat(120_000)] }), '#', /characters of names/],
  ])('that breaks a rule is refused with the place and the rule: %#', (schema, path, rule) => {
    expect(wireSchema(schema, 'subset').flaws).toContainEqual({ path, rule: expect.stringMatching(rule) })
  })

  it('does not change what it was given', () => {
    const given = holding({ type: 'object', properties: { a: { type: 'string' } } })
    const before = JSON.stringify(given)
    wireSchema(given, 'subset')
    wireSchema(given, 'closed')
    expect(JSON.stringify(given)).toBe(before)
  })
})

describe('a schema for an endpoint that takes every keyword', () => {
  it.each<[string, JsonSchema, JsonSchema]>([
    [
      'closes and completes objects with properties and keeps the rest',
      {
        $schema: 'x',
        type: 'object',
        properties: { a: { type: 'string', minLength: 2 }, b: { type: 'object', additionalProperties: true } },
        required: ['b'],
      },
      {
        type: 'object',
        properties: {
          a: { type: ['string', 'null'], minLength: 2 },
          b: { type: 'object', additionalProperties: true },
        },
        required: ['a', 'b'],
        additionalProperties: false,
      },
    ],
    [
      'leaves the parts of an intersection open',
      { allOf: [holding({ type: 'string' })], type: 'object', properties: { more: { type: 'string' } } },
      { allOf: [object({ it: { type: 'string' } })], type: 'object', properties: { more: { type: 'string' } } },
    ],
    [
      'goes into lists, unions and definitions',
      { type: 'array', items: { anyOf: [holding({ type: 'string' })] }, $defs: { it: holding({ type: 'string' }) } },
      {
        type: 'array',
        items: { anyOf: [object({ it: { type: 'string' } })] },
        $defs: { it: object({ it: { type: 'string' } }) },
      },
    ],
  ])('%s', (_what, given, expected) => {
    expect(wireSchema(given, 'closed')).toEqual({ schema: expected, flaws: [], leftOut: [] })
  })
})
