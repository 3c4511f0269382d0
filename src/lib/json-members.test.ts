import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonElements, jsonMembers, stringValue } from './json-members.ts'

function texts(json: string): [string, string][] {
  return [...jsonMembers(json)].map(([key, { start, end }]) => [key, json.slice(start, end)])
}

describe('jsonMembers', () => {
  it.each([
    ['an empty object', '{}', []],
    ['an empty object with spaces', ' { } ', []],
    [
      'numbers as they were written',
      '{"a":12345678901234567890,"b":1.0,"c":-1e400}',
      ['12345678901234567890', '1.0', '-1e400'],
    ],
    ['spaces around everything', '{ "a" : 1 , "b" :\ttrue }', ['1', 'true']],
    ['brackets and quotes inside strings', '{"a":{"x":"}\\"]"},"b":["{",[]]}', ['{"x":"}\\"]"}', '["{",[]]']],
    ['backslashes before a closing quote', '{"a":"\\\\","b":"\\\\\\""}', ['"\\\\"', '"\\\\\\""']],
  ])('finds %s', (_, json, expected) => {
    expect(texts(json).map(([, text]) => text)).toEqual(expected)
  })

  it('decodes keys, keeps `__proto__`, and lets the last of equal keys count', () => {
    expect(texts('{"__proto__":1,"\\u0061":2,"a":3}')).toEqual([
      ['__proto__', '1'],
      ['a', '3'],
    ])
  })

  it('agrees with JSON.parse on every object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(2), (object, indent) => {
        const json = JSON.stringify(object, null, indent)
        const found = texts(json).map(([key, text]) => [key, JSON.parse(text)])
        expect(found).toEqual(Object.entries(JSON.parse(json) as object))
      }),
    )
  })

  it.each(['{"a', '{"a"}"b"', '{"a":"b', '{"a":[1,{'])('throws for %s, which ends too early', (json) => {
    expect(() => jsonMembers(json)).toThrow(SyntaxError)
  })
})

describe('stringValue', () => {
  it('decodes escapes', () => {
    expect(stringValue('"a\\n\\u00e9"', 0, 11)).toBe('a\né')
  })
})

describe('jsonElements', () => {
  it('gives every element of a list as it was written, for any list', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 2), (values, indent) => {
        const json = JSON.stringify(values, null, indent)
        const found = jsonElements(json).map(({ end, start }) => json.slice(start, end))
        expect(found.map((text) => JSON.parse(text))).toEqual(JSON.parse(json))
      }),
    )
  })
})
