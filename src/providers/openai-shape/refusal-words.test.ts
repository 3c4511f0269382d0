import { expect, it } from 'vitest'
import { unanswered } from '../../model/failure.ts'
import { type FailureKind, ProviderError } from '../provider.ts'
import { creationRefusal, uploadError } from './refusal-words.ts'

function kindAfter(read: (error: unknown) => unknown, kind: FailureKind, status: number, message: string): FailureKind {
  const error = read(new ProviderError({ ...unanswered(kind, message), status }))
  return (error as ProviderError).failure.kind
}

it.each([
  [uploadError, 'refused', 413, 'No.', 'too_large'],
  [uploadError, 'refused', 400, 'The file exceeds the maximum size.', 'too_large'],
  [uploadError, 'refused', 400, 'purpose is not known', 'refused'],
  [uploadError, 'shape', 413, '<html>', 'shape'],
  [creationRefusal, 'refused', 400, "can't find file file-1", 'absent'],
  [creationRefusal, 'refused', 400, 'model is not known', 'refused'],
  [creationRefusal, 'server', 500, 'no such file', 'server'],
  [creationRefusal, 'refused', 400, 'Enqueued token limit reached for the deployment.', 'throttled'],
] as const)(
  'the words of a refusal, and nothing else, tell its kind: %o %s %i %s',
  (read, kind, status, words, expected) => {
    expect(kindAfter(read, kind, status, words)).toBe(expected)
  },
)
