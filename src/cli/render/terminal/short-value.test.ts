import { describe, expect, it } from 'vitest'
import { shortAnswer, shortValue } from './short-value.ts'

describe('shortValue', () => {
  it.each([
    [[0.01, -0.02, 0.03], '[0.01,-0.02,0.03]'],
    [Array.from({ length: 1_536 }, (_, place) => place / 4), '[0,0.25, … 1,536 numbers]'],
    [[[1, 2, 3, 4], [5]], '[[1,2, … 4 numbers],[5]]'],
    [['a', 'b', 'c', 'd', 'e'], '["a","b","c", … 5 entries]'],
    [{ flagged: true, scores: { a: 0.5 } }, '{"flagged":true,"scores":{"a":0.5}}'],
    [null, 'null'],
    [[], '[]'],
  ])('shortens %j', (value, text) => {
    expect(shortValue(value)).toBe(text)
  })
})

describe('shortAnswer', () => {
  it.each([
    [{ isJson: true, output: '[1,2,3,4]' }, '[1,2, … 4 numbers]'],
    [{ isJson: false, output: '[1,2,3,4]' }, '[1,2,3,4]'],
    [{ isJson: false, output: null }, null],
  ])('shows %j', (outcome, text) => {
    expect(shortAnswer(outcome)).toBe(text)
  })
})
