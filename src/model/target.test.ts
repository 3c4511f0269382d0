import { describe, expect, it } from 'vitest'
import { parseModel, targetKey } from './target.ts'

describe('parseModel', () => {
  it.each([
    ['openai/gpt-6.1-terra', { provider: 'openai', model: 'gpt-6.1-terra' }],
    ['openai/org/custom:model', { provider: 'openai', model: 'org/custom:model' }],
    ['gpt-6.1-terra', undefined],
    ['/gpt-6.1-terra', undefined],
    ['openai/', undefined],
    ['', undefined],
  ])('splits %j at the first slash only', (text, parts) => {
    expect(parseModel(text)).toEqual(parts)
  })
})

describe('targetKey', () => {
  it('keeps targets apart whose parts join to the same text', () => {
    const one = targetKey({ provider: 'a', endpoint: 'b,c', model: 'd' })
    const other = targetKey({ provider: 'a', endpoint: 'b', model: 'c,d' })
    expect(one).not.toBe(other)
  })
})
