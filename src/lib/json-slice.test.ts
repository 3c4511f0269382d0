import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sliceProperty } from './json-slice.ts'

describe('sliceProperty', () => {
  it.each<[json: string, name: string, slice: string | undefined]>([
    ['{"body":{"n":12345678901234567890}}', 'body', '{"n":12345678901234567890}'],
    ['{ "a" : 1.10 , "b" : 2 }', 'a', '1.10'],
    ['{"a":{"b":"}{\\""},"b":true}', 'b', 'true'],
    ['{"a":1,"a":2}', 'a', '2'],
    ['{"\\u0061":"x"}', 'a', '"x"'],
    ['{"__proto__":{"x":1}}', '__proto__', '{"x":1}'],
    ['{"a":[1,{"b":2}]}', 'b', undefined],
    ['{}', 'constructor', undefined],
  ])('finds in %s the value of %s', (json, name, slice) => {
    expect(sliceProperty(json, name)).toBe(slice)
  })

  it('finds what JSON.parse finds, in any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2), (object, indent) => {
        const json = JSON.stringify(object, null, indent)
        const parsed = JSON.parse(json) as Record<string, unknown>
        for (const name of Object.keys(parsed)) {
          expect(JSON.parse(sliceProperty(json, name) ?? '')).toEqual(parsed[name])
        }
      }),
    )
  })
})
