import { inProperties } from './options/mention.ts'

const MARKER = Symbol.for('llm-batch.error')

/** Exit codes of the command, also carried by errors so that the library and the command agree. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  held: 3,
  failures: 4,
  unfinished: 75,
  interrupted: 130,
} as const

/** Stable codes of our own errors; docs/exit-codes.md tells when each comes. */
export const ERROR_CODES = [
  'usage',
  'input',
  'configuration',
  'not_found',
  'ambiguous',
  'already_finished',
  'already_sent',
  'unfit_model',
  'name_taken',
  'sealed',
  'busy',
  'unreachable',
  'newer_state',
  'account_mismatch',
  'network_file_system',
  'disk',
  'provider',
  'interrupted',
  'conflict',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/**
 * Base of every error this package throws on purpose. `message` says what happened and to which thing, `next` what
 * to do about it. Options in them are called as in the library; a command asks for `inWords`. Row-level failures are never
 * errors: they are outcomes and problems.
 */
export class LlmBatchError extends Error {
  override readonly name: string = 'LlmBatchError'
  readonly code: ErrorCode
  /** One sentence: what the user can do next; empty when there is nothing sensible to say. */
  readonly next: string
  readonly [MARKER] = true
  readonly #asSaid: { readonly message: string; readonly next: string }

  constructor(code: ErrorCode, message: string, options: { readonly next?: string; readonly cause?: unknown } = {}) {
    super(inProperties(message), options.cause === undefined ? undefined : { cause: options.cause })
    const { next = '' } = options
    this.code = code
    this.next = inProperties(next)
    this.#asSaid = { message, next }
  }

  /**
   * Message and next step with the options in other words than those of the library, which `message` and `next` have;
   * `words` puts a text with mentions into them.
   */
  inWords(words: (text: string) => string): { readonly message: string; readonly next: string } {
    return { message: words(this.#asSaid.message), next: words(this.#asSaid.next) }
  }

  /** True for errors of this family, also across two copies of the package. */
  static isInstance(value: unknown): value is LlmBatchError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[MARKER] === true
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
