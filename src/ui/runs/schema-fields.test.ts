import { expect, it } from 'vitest'
import { schemaFields } from './schema-fields.ts'

it('names the parts of answers by the schema of a run, members of lists and parts of parts', () => {
  const address = { type: 'object', properties: { city: { type: 'string' }, zip: { type: 'integer' } } }
  const schema = {
    type: 'object',
    properties: {
      label: { enum: ['a', 'b'] },
      address,
      tags: { type: 'array', items: { type: 'string' } },
      places: { type: 'array', items: address },
    },
  }
  expect(schemaFields(schema)).toEqual([
    'label',
    'address.city',
    'address.zip',
    'tags[]',
    'places[].city',
    'places[].zip',
  ])
  expect(schemaFields({ type: 'string' })).toEqual([])
})
