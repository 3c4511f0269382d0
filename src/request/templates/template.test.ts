import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Row } from '../../model/row.ts'
import { compileTemplate } from './template.ts'

describe('compileTemplate', () => {
  it.each<[template: string, json: string, text: string]>([
    ['plain', '{}', 'plain'],
    ['', '{}', ''],
    ['{{a}}', '{"a":"x"}', 'x'],
    ['{{ a }}-{{a}}', '{"a":"x"}', 'x-x'],
    ['{{a b}}', '{"a b":"x"}', 'x'],
    ['{{a.b}}', '{"a.b":"column","a":{"b":"path"}}', 'column'],
    ['{{a.b}}', '{"a":{"b":"path"}}', 'path'],
    ['{{a.b}}', '{"a":null}', ''],
    ['{{tags.1}}', '{"tags":["x","y"]}', 'y'],
    ['{{a}}', '{"a":null}', ''],
    ['{{a}} {{b}} {{c}}', '{"a":1,"b":false,"c":""}', '1 false '],
    ['{{a}}', '{"a":12345678901234567890}', '12345678901234567890'],
    ['{{a.b}}', '{"a":{"b":1.10}}', '1.10'],
    ['{{a}}', '{"a":{"z":1,"b":12345678901234567890}}', '{"z":1,"b":12345678901234567890}'],
    ['{{a}}', '{"a":["x",null]}', '["x",null]'],
    ['{{a}}', '{"a":"{{b}} $& $1","b":"never"}', '{{b}} $& $1'],
    ['\\{{a}} {{a}}', '{"a":"x"}', '{{a}} x'],
    ['}} {{{a}}}', '{"{a":"x"}', '}} x}'],
    ['{"json": {"nested": 1}}', '{}', '{"json": {"nested": 1}}'],
    ['{{__proto__}}', '{"__proto__":"x"}', 'x'],
    ['{{😀}}', '{"😀":"é"}', 'é'],
  ])('fills %s from %s', (template, json, text) => {
    expect(compileTemplate(template).fill(rowOf(json))).toMatchObject({ text, missing: [] })
  })

  it.each<[template: string, json: string, missing: readonly string[]]>([
    ['{{a}} {{b}}', '{"a":1}', ['b']],
    ['{{A}}', '{"a":1}', ['A']],
    ['{{constructor}} {{toString}}', '{}', ['constructor', 'toString']],
    ['{{__proto__}}', '{}', ['__proto__']],
    ['{{a.length}}', '{"a":"text"}', ['a.length']],
    ['{{tags.7}}', '{"tags":[]}', ['tags.7']],
    ['{{a.b.c}}', '{"a":{"b":1}}', ['a.b.c']],
  ])('finds what %s needs and %s has not', (template, json, missing) => {
    expect(compileTemplate(template).fill(rowOf(json)).missing).toEqual(missing)
  })

  it.each<[template: string, json: string, isEmpty: boolean]>([
    ['{{a}}{{b}}', '{"a":null,"b":" \\n"}', true],
    ['{{a}}{{b}}', '{"a":null,"b":"x"}', false],
    ['{{a}}', '{"a":0}', false],
    ['no placeholder', '{}', false],
  ])('tells whether all placeholders of %s are empty in %s', (template, json, isEmpty) => {
    expect(compileTemplate(template).fill(rowOf(json)).isEmpty).toBe(isEmpty)
  })

  it.each(['{{a', 'x {{a} y', '{{}}', '{{  }}', '{{a}} {{'])('refuses %j before anything is read', (template) => {
    expect(() => compileTemplate(template)).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  it('names its placeholders', () => {
    expect(compileTemplate('{{ a }} \\{{b}} {{c.d}}').placeholders).toEqual(['a', 'c.d'])
  })

  it('takes a date of a row from memory as its text', () => {
    const record = { when: new Date('2026-11-22T00:00:00Z'), none: undefined }
    const fromMemory = (): Row => ({ line: 1, json: JSON.stringify(record), record })
    expect(compileTemplate('{{when}}|{{none}}').fill(fromMemory()).text).toBe('2026-11-22T00:00:00.000Z|')
  })

  it('passes any text of a column on unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(compileTemplate('<{{a}}>').fill(rowOf(JSON.stringify({ a: value }))).text).toBe(`<${value}>`)
      }),
    )
  })
})

function rowOf(json: string): Row {
  return { line: 1, json, record: JSON.parse(json) as Record<string, unknown> }
}
