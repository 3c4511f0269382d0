import { describe, expect, it } from 'vitest'
import { schemaOfFields } from './fields.ts'

describe('a field in shorthand', () => {
  it.each([
    ['label: billing|support|sales', { type: 'string', enum: ['billing', 'support', 'sales'] }],
    ['label:  a b | c ', { type: 'string', enum: ['a b', 'c'] }],
    ['name:string', { type: 'string' }],
    ['count: integer', { type: 'integer' }],
    ['price: number', { type: 'number' }],
    ['isUrgent: boolean', { type: 'boolean' }],
    ['tags: string[]', { type: 'array', items: { type: 'string' } }],
    ['tags: red|green[]', { type: 'array', items: { type: 'string', enum: ['red', 'green'] } }],
    ['name?: string', { type: ['string', 'null'] }],
    ['label ?: a|b', { type: ['string', 'null'], enum: ['a', 'b', null] }],
    ['tags?: string[]', { type: ['array', 'null'], items: { type: 'string' } }],
  ])('%s', (field, expected) => {
    const schema = schemaOfFields([field]) as { properties: Record<string, unknown> }
    expect(Object.values(schema.properties)).toEqual([expected])
  })

  it('makes one closed object of several, in their order, all required', () => {
    expect(schemaOfFields(['label: a|b', 'why?: string'])).toEqual({
      type: 'object',
      properties: { label: { type: 'string', enum: ['a', 'b'] }, why: { type: ['string', 'null'] } },
      required: ['label', 'why'],
      additionalProperties: false,
    })
  })

  it('may have any name, that of a prototype too', () => {
    expect(Object.keys(schemaOfFields(['__proto__: string'])['properties'] as object)).toEqual(['__proto__'])
  })

  it.each([
    [['label'], /does not have the form name: type/],
    [[': string'], /does not have the form name: type/],
    [['label:'], /does not have the form name: type/],
    [['label: strnig'], /asks for "strnig", which is not a type/],
    [['label: a|'], /has an empty choice/],
    [['label: a|b|a'], /has the same choice twice/],
    [['value: string|number'], /has string among its choices/],
    [['value: a|null'], /has null among its choices/],
    [['a: string', 'a: number'], /a is given twice/],
  ])('is refused where it means nothing: %j', (fields, message) => {
    expect(() => schemaOfFields(fields)).toThrow(message)
  })
})
