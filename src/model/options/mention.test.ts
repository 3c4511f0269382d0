import { expect, it } from 'vitest'
import { LlmBatchError } from '../error.ts'
import { commandLine, inFlags, inProperties, mention } from './mention.ts'

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

it('a command line is a call for a program that has one, and else what a person types', () => {
  const text = [
    commandLine('resume', '1124-ab'),
    commandLine('resume', '1124-ab', mention('again')),
    commandLine('retry', mention('status', 'missing')),
    commandLine('results', '1124-ab', mention('output', 'OUT')),
    commandLine('cancel'),
  ].join('; ')
  expect(inFlags(text)).toBe(
    'llm-batch resume 1124-ab; llm-batch resume 1124-ab --again; llm-batch retry --status missing; ' +
      'llm-batch results 1124-ab -o OUT; llm-batch cancel',
  )
  expect(inProperties(text)).toBe(
    "openRun('1124-ab'); llm-batch resume 1124-ab --again; retry({ status: ['missing'] }); " +
      'llm-batch results 1124-ab -o OUT; cancel()',
  )
})
