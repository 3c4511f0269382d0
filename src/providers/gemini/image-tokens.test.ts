import { expect, it } from 'vitest'
import { factsOf } from '../known.ts'

it.each<[string, string, { width: number; height: number } | null, number]>([
  ['of a model of today, whatever its size', 'gemini-3.8-flash', { width: 4_000, height: 3_000 }, 1_120],
  ['of a model of today, of unknown size', 'gemini-flash-latest', null, 1_120],
  ['that is small', 'gemini-2.5-flash', { width: 384, height: 300 }, 258],
  ['that is wide, in squares of 360 pixels', 'gemini-2.5-flash', { width: 960, height: 540 }, 6 * 258],
  ['that is large, in squares of 768 pixels', 'gemini-2.5-pro', { width: 1_980, height: 1_380 }, 6 * 258],
  ['of an older model, of unknown size', 'gemini-2.5-flash-lite', null, 30 * 258],
])('counts a picture %s', (_, model, size, tokens) => {
  expect(factsOf('gemini').imageTokens({ model, detail: null, size })).toBe(tokens)
})
