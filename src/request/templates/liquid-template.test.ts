import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Row } from '../../model/row.ts'
import { compileTemplate, type Filled, type Template } from './template.ts'
import { type CompileTemplate, loadTemplates } from './template-compiler.ts'

/** Liquid that shows nothing, so that what stands beside it is read as Liquid too. */
const NOTHING = '{% comment %}{% endcomment %}'

let compile: CompileTemplate

beforeAll(async () => {
  compile = await loadTemplates({ it: NOTHING })
})

describe('a template of tags and filters', () => {
  it.each<[template: string, json: string, text: string]>([
    ['{% if vip %}Dear {{ name }}{% else %}Hello{% endif %}', '{"vip":true,"name":"Ada"}', 'Dear Ada'],
    ['{% for tag in tags %}[{{ tag }}]{% endfor %}', '{"tags":["x","y"]}', '[x][y]'],
    ['{% for t in tags %}{{ forloop.index }}:{{ t.name }} {% endfor %}', '{"tags":[{"name":"x"}]}', '1:x '],
    ['{{ a | upcase | truncate: 5 }}', '{"a":"abcdefgh"}', 'AB...'],
    ['{{ a | default: "none" }}', '{}', 'none'],
    ['{{ a | default: "none" }}', '{"a":null}', 'none'],
    ['{{ a | default: "none" }}', '{"a":""}', 'none'],
    ['{{ a | default: "none" }}', '{"a":0}', '0'],
    ['{{ a.b.c | default: "none" }}', '{"a":{}}', 'none'],
    ['{% assign x = a | default: "none" %}{{ x }}', '{}', 'none'],
    ['{% if a | default: false %}yes{% else %}no{% endif %}', '{}', 'no'],
    ['{{ row["first name"] | upcase }}', '{"first name":"ada"}', 'ADA'],
    ['{{ row }}{% if true %}{% endif %}', '{"a": 1.10}', '{"a": 1.10}'],
    ['{{ row.a | upcase }}', '{"a":"x"}', 'X'],
    ['{{ row | upcase }}', '{"row":"the column"}', 'THE COLUMN'],
    ['{{ tags[1] | append: "!" }}', '{"tags":["x","y"]}', 'y!'],
    ['{{ a.b | upcase }}', '{"a.b":"column","a":{"b":"path","c":1}}', 'COLUMN'],
    ['{{ a.b | upcase }} {{ a.c }}', '{"a.b":"column","a":{"b":"path","c":1}}', 'COLUMN 1'],
    ['{{ a | upcase }} {{ a.b }}', '{"a":"Ada","a.b":5}', 'ADA 5'],
    ['{% for t in a.b %}{{ t }}{% endfor %}', '{"a.b":["x"]}', 'x'],
    ['{% for a in list %}{{ a.b }}{% endfor %}', '{"a.b":"column","list":[{"b":"item"}]}', 'item'],
    ['{{ id | default: "none" }}', '{"id":12345678901234567890}', '12345678901234567890'],
    [
      '{% for id in ids %}{{ id }} {% endfor %}',
      '{"ids":[12345678901234567890,1.10,"1.10",2]}',
      '12345678901234567890 1.10 1.10 2 ',
    ],
    ['{{ price | times: 2 }} {% if price > 1 %}dear{% endif %}', '{"price":1.10}', '2.2 dear'],
    ['{{ a | json }}', '{"a":{"z": 12345678901234567890,"b":"x"}}', '{"z":12345678901234567890,"b":"x"}'],
    ['{{ a | default: "x" }}', '{"a":{"z": 1.10}}', '{"z": 1.10}'],
    ['{% for t in a %}{{ t }}{% endfor %}', '{"a":[{"z": 1.10}]}', '{"z":1.10}'],
    [String.raw`\{{ a }} {{ a | upcase }} {% raw %}\{{ a }}{% endraw %}`, '{"a":"x"}', String.raw`{{ a }} X \{{ a }}`],
    ['{{ day | date: "%Y-%m-%d %H:%M" }}', '{"day":"2026-11-27T23:30:00Z"}', '2026-11-27 23:30'],
    ['{{ constructor | upcase }}', '{"constructor":"x"}', 'X'],
    ['{{ __proto__ | upcase }}', '{"__proto__":"x"}', 'X'],
  ])('fills %s from %s', (template, json, text) => {
    expect(compile(template, 'it').fill(rowOf(json))).toMatchObject({ text, missing: [] })
  })

  it.each<[template: string, json: string, missing: readonly string[]]>([
    ['{{ a | upcase }}', '{}', ['a']],
    ['{% if a %}{% endif %}', '{}', ['a']],
    ['{% for t in tags %}{% endfor %}', '{}', ['tags']],
    ['{{ a | upcase | default: "none" }}', '{}', ['a']],
    ['{{ a.b | upcase }}', '{"a":{}}', ['a.b']],
    ['{{ row["first name"] | upcase }}', '{}', ['first name']],
    ['{{ row.constructor | upcase }}', '{}', ['constructor']],
    ['{{ constructor | upcase }}', '{}', ['constructor']],
    ['{{ __proto__ | upcase }}', '{}', ['__proto__']],
    ['{{ a.__proto__.constructor | upcase }}', '{"a":{}}', ['a.__proto__']],
  ])('finds what %s needs and %s has not', (template, json, missing) => {
    expect(compile(template, 'it').fill(rowOf(json)).missing).toEqual(missing)
  })

  it.each<[template: string, json: string, failure: RegExp]>([
    ['{% for t in tags %}{{ t.name }}{% endfor %}', '{"tags":[{}]}', /undefined variable: t\.name, line:1, col:/],
    ['{{ a | date: "%Y" }}', '{"a":"now"}', /another time on every call/],
    ['{{ "today" | date: "%Y" }}', '{}', /another time on every call/],
    ['{% for i in (1..n) %}{% endfor %}', '{"n":100000000}', /memory alloc limit exceeded/],
  ])('tells why %s cannot be filled from %s', (template, json, failure) => {
    const filled = compile(template, 'it').fill(rowOf(json))
    expect(filled).toMatchObject({ missing: [], failure: expect.stringMatching(failure) as string })
  })

  it('stops loops that would hardly end', () => {
    const loops = '{% for i in (1..10000) %}{% for k in (1..10000) %}{{ k }}{% endfor %}{% endfor %}'
    expect(compile(loops, 'it').fill(rowOf('{}')).failure).toMatch(/template render limit exceeded/)
  })

  it.each<[template: string, place: string, flaw: RegExp]>([
    ['{% if a %}', '1:1', /tag .* not closed/],
    ['one\n  two {% if a %}', '2:7', /not closed/],
    ['one\n{{ a | upcse }}', '2:1', /undefined filter: upcse/],
    [String.raw`\{{ a }} \{{ {{ a | upcse }}`, '1:14', /undefined filter/],
    ['{% include "x" %}', '1:1', /tag "include" not found/],
    ['{% render "x" %}', '1:1', /tag "render" not found/],
    ['{% layout "x" %}', '1:1', /tag "layout" not found/],
    ['{{ a | raw }}', '1:1', /undefined filter: raw/],
    ['{{ tags | sample }}', '1:1', /undefined filter: sample/],
    ['{{ tags | where_exp: "t", "t > 1" }}', '1:1', /undefined filter: where_exp/],
    ['{{ first name | upcase }}', '1:4', /two names without an operator/],
    ['{% if a b %}{% endif %}', '1:7', /two names without an operator/],
    ['{{ a | upcase', '1:1', /not closed/],
  ])('refuses %j at %s, before any row', (template, place, flaw) => {
    const read = (): unknown => compile(template, 'the prompt')
    expect(read).toThrow(expect.objectContaining({ code: 'usage', message: expect.stringMatching(flaw) as string }))
    expect(read).toThrow(`the prompt has a mistake at ${place}: `)
  })

  it.each<[template: string, json: string, isEmpty: boolean]>([
    ['{{ a | upcase }}{{ b | default: "x" }}', '{"a":null}', true],
    ['{{ a | upcase }}{{ b }}', '{"a":" ","b":"x"}', false],
    ['{% for t in tags %}{{ t }}{% endfor %}', '{"tags":[]}', true],
    ['{% if kind == "a" %}x{% endif %}', '{"kind":""}', true],
    ['{{ row["first name"] | upcase }}', '{"first name":" "}', true],
    ['{{ n | plus: 1 }}', '{"n":0}', false],
    ['{% assign x = "y" %}{{ x }}', '{}', false],
  ])('tells whether all that %s asks for is empty in %s', (template, json, isEmpty) => {
    expect(compile(template, 'it').fill(rowOf(json)).isEmpty).toBe(isEmpty)
  })

  it('names the columns that it asks for', () => {
    const { placeholders } = compile('{% for t in tags %}{{ t.x }}{% endfor %}{{ a.b | upcase }}{{ a[k] }}', 'it')
    expect([...placeholders].sort()).toEqual(['a', 'a.b', 'k', 'tags'])
  })

  it('leaves the row as it was', () => {
    const record = { a: { b: 'path' }, 'a.b': 'column', list: [2, 1] }
    const row: Row = { line: 1, json: JSON.stringify(record), record }
    const before = structuredClone(record)
    const template = compile('{% assign a = "y" %}{{ a.b | default: "" }}{{ list | sort | reverse | join }}', 'it')
    expect(fillFrom(template, row)).toBe('2 1')
    expect(record).toEqual(before)
  })

  it('takes a date of a row from memory as its text', () => {
    const record = { when: new Date('2026-11-22T00:00:00Z') }
    const row: Row = { line: 1, json: JSON.stringify(record), record }
    const template = compile(`{{ when }}${NOTHING}`, 'it')
    expect(fillFrom(template, row)).toBe('2026-11-22T00:00:00.000Z')
  })

  it('never reads what it filled in as a template', () => {
    const hostile = fc.array(fc.constantFrom('{{', '}}', '{%', '%}', ' a ', '|', 'upcase', '\\', '\n', '"', "'", '$&'))
    fc.assert(
      fc.property(hostile, (pieces) => {
        const value = pieces.join('')
        const filled = compile(`<{{ a | append: "" }}{{ row["a"] }}{{ a }}>${NOTHING}`, 'it').fill(
          rowOf(JSON.stringify({ a: value })),
        )
        expect(filled.text).toBe(`<${value}${value}${value}>`)
      }),
    )
  })
})

describe('plain placeholders', () => {
  const name = fc.constantFrom(
    'a',
    'b',
    'a.b',
    'a.b.c',
    'list.0',
    'list.1',
    'row',
    'größe',
    'a-b',
    'constructor',
    'x_1',
  )
  const literal = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }).map((text) => JSON.stringify(text)),
    fc.constantFrom('null', 'true', 'false', '0', '-0', '1.10', '1e3', '12345678901234567890', '-0.50', '""', '" "'),
  )
  const object = fc.tuple(literal, literal).map(([left, right]) => `{"b":${left}, "c" : {"b":${right}},"10":1,"2":1.0}`)
  const value = fc.oneof(literal, object, fc.constantFrom('[]', '["x",null]', '[1, 2]'))
  const others = fc.dictionary(fc.constantFrom('a', 'b', 'a.b', 'row', 'größe', 'a-b', 'constructor', 'x_1'), value)
  // Liquid gives a text's letters by their number, so that the list is a list here wherever there is one.
  const list = fc.record({ list: fc.constantFrom('[]', '["x",null]', '[1, 2]', 'null') }, { requiredKeys: [] })
  const json = fc.tuple(others, list, literal).map(([some, more, row]) => ({ row, ...some, ...more }))
  const rows = json.map((members) => {
    const pairs = Object.entries(members).map(([key, text]) => `${JSON.stringify(key)}:${text}`)
    return `{${pairs.join()}}`
  })

  it('mean the same beside tags and filters as without', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), rows, (names, row) => {
        const template = names.map((placeholder) => `<{{ ${placeholder} }}>`).join(String.raw` \{{ `)
        const plain = compileTemplate(template).fill(rowOf(row))
        const liquid = compile(`${template}${NOTHING}`, 'it').fill(rowOf(row))
        expect(outcomeOf(liquid)).toEqual(outcomeOf(plain))
      }),
      { numRuns: 2_000 },
    )
  })
})

function fillFrom(template: Template, row: Row): string {
  const given = (): Row => row
  return template.fill(given()).text
}

/** The text where there is one, and else only that there is none: Liquid stops at the first missing name. */
function outcomeOf({ failure, missing, text }: Filled): string | boolean {
  return missing.length > 0 || failure !== undefined ? false : text
}

function rowOf(json: string): Row {
  return { line: 1, json, record: JSON.parse(json) as Record<string, unknown> }
}
