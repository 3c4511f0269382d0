import { describe, expect, it } from 'vitest'
import { LlmBatchError } from '../model/error.ts'
import { type Failure, ProviderError } from '../providers/provider.ts'
import { asKnownError, exitCodeOfError } from './exit-code.ts'

function failure(parts: Partial<Failure>): ProviderError {
  const empty = { message: 'no', status: null, code: null, requestId: null, retryAfterMs: null }
  return new ProviderError({ kind: 'refused', ...empty, ...parts })
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused by the system`), { code, path: '/data/out.jsonl' })
}

describe('exitCodeOfError', () => {
  it.each<[string, unknown, number]>([
    ['wrong usage', new LlmBatchError('usage', 'no'), 2],
    ['a wrong input', new LlmBatchError('input', 'no'), 2],
    ['work that was done before', new LlmBatchError('already_finished', 'no'), 2],
    ['a run that another process drives', new LlmBatchError('busy', 'no'), 75],
    ['a full disk', asKnownError(systemError('ENOSPC')), 3],
    ['a file that may not be read', asKnownError(systemError('EACCES')), 2],
    ['a provider in trouble', failure({ kind: 'server' }), 75],
    ['a network that is down', failure({ kind: 'unreached' }), 75],
    ['a refused key', failure({ kind: 'unauthorised' }), 3],
    ['a bug of ours', new TypeError('no'), 1],
    ['anything thrown', 'text', 1],
  ])('tells %s', (_, error, code) => {
    expect(exitCodeOfError(error)).toBe(code)
  })
})

describe('asKnownError', () => {
  it('names the file and what to do, and keeps the cause', () => {
    const cause = systemError('EISDIR')
    expect(asKnownError(cause)).toMatchObject({
      message: expect.stringContaining('/data/out.jsonl'),
      next: 'Name a file, not a folder.',
      cause,
    })
  })

  it('leaves other errors as they are', () => {
    const error = new Error('no')
    expect(asKnownError(error)).toBe(error)
  })
})
