import { describe, expect, it } from 'vitest'
import { leavesOfSchema, typeOfSchema } from './schema-shape.ts'

const TEXT = { kind: 'string' }
const WHOLE = { kind: 'integer', bits: 64, isSigned: true }

describe('the column of answers by a schema', () => {
  it.each<[name: string, schema: object, type: object]>([
    ['text', { type: 'string' }, TEXT],
    ['a choice of texts', { enum: ['a', 'b', null] }, TEXT],
    ['one text', { const: 'a' }, TEXT],
    ['whole numbers', { type: 'integer' }, WHOLE],
    ['numbers', { type: ['number', 'null'] }, { kind: 'double' }],
    ['a list', { type: 'array', items: { type: 'integer' } }, { kind: 'list', element: WHOLE }],
    ['a list of anything', { type: 'array' }, { kind: 'json' }],
    ['what may be null', { anyOf: [{ type: 'null' }, { type: 'boolean' }] }, { kind: 'boolean' }],
    ['a choice of types', { anyOf: [{ type: 'string' }, { type: 'integer' }] }, { kind: 'json' }],
    ['two types at once', { type: ['string', 'integer'] }, { kind: 'json' }],
    ['an object without members', { type: 'object' }, { kind: 'json' }],
    ['nothing that is said', {}, { kind: 'json' }],
    ['a reference to another file', { $ref: 'https://example.org/a.json' }, { kind: 'json' }],
    [
      'an object with references and members of any name',
      {
        type: 'object',
        properties: { label: { $ref: '#/$defs/label' }, ['__proto__']: { type: 'integer' } },
        $defs: { label: { type: 'string' } },
      },
      {
        kind: 'struct',
        fields: [
          { name: 'label', type: TEXT },
          { name: '__proto__', type: WHOLE },
        ],
      },
    ],
  ])('is made for %s', (_name, schema, type) => {
    expect(typeOfSchema(JSON.parse(JSON.stringify(schema)))).toEqual(type)
  })

  it('comes to an end for a schema that holds itself', () => {
    const schema = { type: 'object', properties: { next: { $ref: '#' }, n: { type: 'integer' } } }
    expect(typeOfSchema(schema)).toMatchObject({ kind: 'struct' })
  })
})

describe('the leaves of a schema', () => {
  it('are the ways to what is no object, lists being leaves', () => {
    const address = { type: 'object', properties: { city: { type: 'string' }, lines: { type: 'array', items: {} } } }
    const schema = { type: 'object', properties: { label: { type: 'string' }, address } }
    expect(leavesOfSchema(schema)).toEqual([['label'], ['address', 'city'], ['address', 'lines']])
    expect(leavesOfSchema({ type: 'array', items: {} })).toEqual([])
  })
})
