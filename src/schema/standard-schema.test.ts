import { type as arktype } from 'arktype'
import * as valibot from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { isValidator, jsonSchemaOf, validate } from './standard-schema.ts'

const VALIDATORS = {
  zod: z.object({ label: z.enum(['a', 'b']), count: z.number().optional() }),
  arktype: arktype({ label: "'a'|'b'", 'count?': 'number' }),
  valibot: valibot.object({ label: valibot.picklist(['a', 'b']), count: valibot.optional(valibot.number()) }),
} as const

describe.each(Object.entries(VALIDATORS))('a validator of %s', (_vendor, validator) => {
  it('is told from a JSON Schema', () => {
    expect([validator, { type: 'object' }, true].map(isValidator)).toEqual([true, false, false])
  })

  it('passes what fits and says where something does not', async () => {
    expect(await validate(validator, { label: 'a' })).toEqual({ isValid: true, value: { label: 'a' } })
    expect(await validate(validator, { label: 'c' })).toMatchObject({ message: expect.stringContaining('label') })
  })
})

describe('the JSON Schema of a validator', () => {
  it.each([VALIDATORS.zod, VALIDATORS.arktype])('is told by its library: %#', async (validator) => {
    expect(await jsonSchemaOf(validator)).toMatchObject({
      type: 'object',
      properties: { label: { enum: ['a', 'b'] }, count: { type: 'number' } },
      required: ['label'],
    })
  })

  it('is that of what it takes, not of what it makes', async () => {
    const schema = z.object({ length: z.string().transform((text) => text.length) })
    expect(await jsonSchemaOf(schema)).toMatchObject({ properties: { length: { type: 'string' } } })
  })

  it.each([
    [
      'arktype',
      { version: 1, vendor: 'arktype', validate: () => ({ value: 1 }) },
      { toJsonSchema: () => ({ type: 'number' }) },
      { type: 'number' },
    ],
    ['zod', z.number()['~standard'], {}, { type: 'number' }],
  ] as const)(
    'is made by the ways of %s where the common one is missing',
    async (_vendor, standard, more, expected) => {
      const { jsonSchema: _unknown, ...older } = { jsonSchema: null, ...standard }
      const validator = Object.assign(Object.create('_zod' in more ? null : z.number()) as object, more, {
        '~standard': older,
      })
      expect(await jsonSchemaOf(validator as never)).toMatchObject(expected)
    },
  )

  it('is asked for where the library cannot tell it', async () => {
    await expect(jsonSchemaOf(VALIDATORS.valibot)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('valibot'),
      next: expect.stringContaining('jsonSchema'),
    })
    await expect(jsonSchemaOf(z.object({ when: z.date() }))).rejects.toMatchObject({ code: 'usage' })
  })
})
