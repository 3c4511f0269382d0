import { describe, expect, it } from 'vitest'
import { readAnswer } from './read-answer.ts'

const SCHEMA = {
  type: 'object',
  properties: {
    label: { type: 'string' },
    why: { type: 'string' },
    mayBeNull: { type: ['string', 'null'] },
    parts: { type: 'array', items: { $ref: '#/$defs/part' } },
    either: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/part' }] },
  },
  required: ['label'],
  $defs: { part: { type: 'object', properties: { note: { type: 'string' } } } },
}

describe('an answer that was read', () => {
  it('is without the nulls that only the strict form of the schema has asked for, at every depth', () => {
    const text = '{"label":"a","why":null,"mayBeNull":null,"parts":[{"note":null},{"note":"x"}],"either":{"note":null}}'
    const value = { label: 'a', mayBeNull: null, parts: [{}, { note: 'x' }], either: {} }
    expect(readAnswer(text, SCHEMA)).toEqual({ value, json: JSON.stringify(value), note: null })
  })

  it('keeps nulls that the schema requires to be something else, so that they are found wrong', () => {
    expect(readAnswer('{"label":null}', SCHEMA)?.value).toEqual({ label: null })
  })

  it('keeps the words of the model, on one line, where nothing was dropped', () => {
    const text = '{\n  "label": "a\\nb",\n  "id": 12345678901234567890\n}'
    expect(readAnswer(text, SCHEMA)?.json).toBe('{ "label": "a\\nb", "id": 12345678901234567890 }')
  })

  it('is nothing where there is no JSON', () => {
    expect(readAnswer('billing', SCHEMA)).toBeUndefined()
  })
})
