import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasLoneSurrogate } from './check-body.ts'

describe('hasLoneSurrogate', () => {
  it.each([
    ['"plain"', false],
    ['"😀"', false],
    ['"\\ud83d\\ude00"', false],
    ['"\\uD83D\\uDE00 \\ud83d\\ude00"', false],
    ['"\\ud83d"', true],
    ['"\\ude00"', true],
    ['"\\ud83d \\ude00"', true],
    ['"\\ud83d\\n\\ude00"', true],
    ['"\\ud83d\\ud83d\\ude00"', true],
    ['"\\ude00\\ud83d"', true],
    ['{"\\ud800":1}', true],
    ['"\\\\ud800"', false],
    ['"\\\\\\ud800"', true],
  ])('of %s is %s', (json, lone) => {
    expect(hasLoneSurrogate(json)).toBe(lone)
  })

  it('agrees with the regular expression for surrogates, for any text', () => {
    const unit = fc.constantFrom('\ud83d', '\ude00', 'a', '\\', 'u', '"', 'd800')
    fc.assert(
      fc.property(fc.array(unit), (units) => {
        const text = units.join('')
        expect(hasLoneSurrogate(JSON.stringify(text))).toBe(/\p{Surrogate}/u.test(text))
      }),
    )
  })
})
