import { describe, expect, it } from 'vitest'
import { LlmBatchError, messageOf } from './error.ts'

describe('LlmBatchError', () => {
  it('is recognised, also from another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('llm-batch.error')]: true })
    expect([new LlmBatchError('usage', 'x'), foreign].map((error) => LlmBatchError.isInstance(error))).toEqual([
      true,
      true,
    ])
  })

  it.each([new Error('x'), null, undefined, 'x', {}])('does not recognise %s', (value) => {
    expect(LlmBatchError.isInstance(value)).toBe(false)
  })

  it('keeps its cause and what to do next', () => {
    const cause = new Error('inner')
    const error = new LlmBatchError('disk', 'full', { next: 'Make room.', cause })
    expect([error.cause, error.next, error.code, new LlmBatchError('disk', 'full').next]).toEqual([
      cause,
      'Make room.',
      'disk',
      '',
    ])
  })
})

describe('messageOf', () => {
  it.each([
    [new Error('broken'), 'broken'],
    ['text', 'text'],
    [7, '7'],
  ])('of %s is %s', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message)
  })
})
