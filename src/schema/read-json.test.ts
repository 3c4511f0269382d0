import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJson } from './read-json.ts'

describe('JSON in an answer', () => {
  it.each([
    ['{"a":1}', { a: 1 }, null],
    [' \n{"a":\n1}\n', { a: 1 }, null],
    ['\uFEFF[1]', [1], null],
    ['"text"', 'text', null],
    ['```json\n{"a":1}\n```', { a: 1 }, 'code_fence'],
    ['```\n[1]\n```', [1], 'code_fence'],
    ['Here you are:\n```JSON\n{"a":1}\n```\nAnything else?', { a: 1 }, 'code_fence'],
    ['```json\n{"a":"```"}\n```', { a: '```' }, 'code_fence'],
    ['```js\nlet x\n``` then ```json\n{"a":1}\n```', { a: 1 }, 'code_fence'],
    ['```json\n{"a":1}', { a: 1 }, 'code_fence'],
    ['The answer is {"a":{"b":"}"}}.', { a: { b: '}' } }, 'stray_text'],
    ['As in [1] and {this}: {"a":1}', { a: 1 }, 'stray_text'],
    ['{"a":1} {"a":2}', { a: 1 }, 'stray_text'],
  ])('is found in %j', (text, value, note) => {
    expect(readJson(text, 'object')).toMatchObject({ value, note })
  })

  it.each(['', 'billing', '{"simulated": tru', '{"a":1', '```', 'one [1] of', '{{{{'])('is not found in %j', (text) => {
    expect(readJson(text, 'object')).toBeUndefined()
  })

  it('looks for what is wanted', () => {
    expect(readJson('see {"a":1}: [2]', 'array')?.value).toEqual([2])
    expect(readJson('see {"a":1}: [2]', 'any')?.value).toEqual({ a: 1 })
  })

  it('never throws, whatever the text', () => {
    const pieces = fc.constantFrom('{', '}', '[', ']', '"', '\\', '```', '```json\n', ':', ',', '1', 'null', ' ', '\n')
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces).map((list) => list.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        expect(() => readJson(text, 'any')).not.toThrow()
      }),
    )
  })

  it('finds an object wherever it was put', () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    const prose = fc.string().map((text) => text.replace(/[{}[\]"`]/g, ''))
    const texts = fc.tuple(objects, prose, prose, fc.constantFrom('plain', 'fence', 'pretty'))
    fc.assert(
      fc.property(texts, ([object, before, after, form]) => {
        const json = JSON.stringify(object, null, form === 'pretty' ? 2 : undefined)
        const put = form === 'fence' ? `\`\`\`json\n${json}\n\`\`\`` : json
        const found = readJson(`${before}${put}${after}`, 'object')
        expect(found?.value).toEqual(JSON.parse(json))
      }),
    )
  })

  it('takes time in proportion to the text, even where every beginning leads nowhere', () => {
    expect(readJson('{'.repeat(300_000), 'object')).toBeUndefined()
    expect(readJson('``` '.repeat(100_000), 'object')).toBeUndefined()
  })
})
