import { type Failure, type FailureKind, ProviderError } from '../provider.ts'
import { queueFullIn } from './queue-words.ts'

/** An upload that exceeds what the provider, or a gateway before it, takes. */
const TOO_LARGE = /too large|exceeds? the (?:maximum|limit)/i

/** A create that does not find the file it names, because the file is gone or not visible yet (F25). */
const INPUT_UNSEEN = /(?:cannot|can't|could not) find file|no such file/i

/** The error of an upload, with the kind that the words of a refusal tell. */
export function uploadError(error: unknown): unknown {
  return reread(error, 'too_large', ({ message, status }) => status === 413 || TOO_LARGE.test(message))
}

/**
 * The error of a create, with the kind that the words of a refusal tell. A queue that is full passes like a limit of calls;
 * what was not created is proved by the list, as after any such answer.
 */
export function creationRefusal(error: unknown): unknown {
  const unseen = reread(error, 'absent', ({ message }) => INPUT_UNSEEN.test(message))
  return reread(unseen, 'throttled', (failure) => queueFullIn(failure) !== null)
}

function reread(error: unknown, kind: FailureKind, isMeant: (failure: Failure) => boolean): unknown {
  if (!(error instanceof ProviderError) || error.failure.kind !== 'refused' || !isMeant(error.failure)) return error
  return new ProviderError({ ...error.failure, kind }, error)
}
