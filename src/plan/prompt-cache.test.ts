import { expect, it } from 'vitest'
import { NO_PREFIXES, prefixesWithin } from './prompt-cache.ts'

const SHARED = { prefixes: 2, requests: 40, tokens: 200_000, onceTokens: 10_000 }

it('shared beginnings count as they are where they are a part of the input', () => {
  expect(prefixesWithin(SHARED, 250_000)).toEqual(SHARED)
  expect(prefixesWithin(NO_PREFIXES, 0)).toEqual(NO_PREFIXES)
})

it('shared beginnings come to no more than the input, so that a saving is never more than the cost', () => {
  expect(prefixesWithin(SHARED, 150_000)).toEqual({ ...SHARED, tokens: 150_000, onceTokens: 7_500 })
})
