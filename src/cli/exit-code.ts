import { type ErrorCode, EXIT, LlmBatchError } from '../model/error.ts'
import { reactionTo } from '../model/failure.ts'
import { ProviderError } from '../providers/provider.ts'

/** Most errors of ours mean that the command, its configuration or its input is wrong and nothing was sent. */
const CODES: Partial<Record<ErrorCode, number>> = {
  busy: EXIT.unfinished,
  unreachable: EXIT.unfinished,
  disk: EXIT.held,
  newer_state: EXIT.held,
  provider: EXIT.held,
  interrupted: EXIT.interrupted,
  conflict: EXIT.bug,
}

/** The exit code for an error that ended a command. */
export function exitCodeOfError(error: unknown): number {
  if (LlmBatchError.isInstance(error)) return CODES[error.code] ?? EXIT.usage
  if (error instanceof ProviderError) return reactionTo(error.failure, 'read') === 'wait' ? EXIT.unfinished : EXIT.held
  return EXIT.bug
}

/** True where the reader of a pipe has seen enough, such as `head`. */
export function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}

/** System errors that the user's own files and folders cause, with what to do about them. */
const FILE_ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'Check its permissions.',
  EPERM: 'Check its permissions.',
  EISDIR: 'Name a file, not a folder.',
  EADDRINUSE: 'Choose another --port.',
  ENOTDIR: 'Check the path: a part of it is not a folder.',
}

/** System errors of a disk that takes no more. */
const DISK_ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'Make room on that disk, then run the same command again.',
  EDQUOT: 'Make room within the quota, then run the same command again.',
  EROFS: 'Name a folder that can be written with --home.',
  EIO: 'Check the disk.',
}

/** The same error, as one of ours where the file system's answer says what the user can do. */
export function asKnownError(error: unknown): unknown {
  if (!(error instanceof Error) || LlmBatchError.isInstance(error) || !('code' in error)) return error
  const code = String(error.code)
  const path = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : ''
  const disk = DISK_ADVICE[code]
  if (disk !== undefined) return new LlmBatchError('disk', `${path}${error.message}`, { next: disk, cause: error })
  const file = FILE_ADVICE[code]
  return file === undefined
    ? error
    : new LlmBatchError('usage', `${path}${error.message}`, { next: file, cause: error })
}
