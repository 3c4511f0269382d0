import { expect, it } from 'vitest'
import { LlmBatchError } from '../error.ts'
import { inFlags, mention } from './mention.ts'

it('an error calls an option as a program gives it, and for the command as it is typed', () => {
  const text = `Give ${mention('maxCost', '5')}, ${mention('imageColumn')}, ${mention('strict')} or ${mention('promptFile', 'FILE')}.`
  const error = new LlmBatchError('usage', text, { next: `Leave ${mention('failed')} out of ${mention('output')}.` })
  expect([error.message, error.next]).toEqual([
    'Give budget.maxCostUsd: 5, imageColumns, strict: false or --prompt-file FILE.',
    'Leave output.failedPath out of output.',
  ])
  expect(error.inWords(inFlags)).toEqual({
    message: 'Give --max-cost 5, --image-column, --no-strict or --prompt-file FILE.',
    next: 'Leave --failed out of -o.',
  })
})

it('a parameter of the request is a member of the parameters for a program', () => {
  expect(new LlmBatchError('usage', mention('param', 'top_p=')).message).toBe('parameters.top_p')
})
