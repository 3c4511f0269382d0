import { nearMatches } from '../lib/near-match.ts'
import { LlmBatchError } from '../model/error.ts'
import type { LibraryCheck } from '../model/options/declaration.ts'

/** What an option holds, as far as it is looked at here; the others are looked at where they are used. */
const KINDS = {
  any: { isFit: () => true, words: '' },
  text: { isFit: (value: unknown) => typeof value === 'string', words: 'a text' },
  boolean: { isFit: (value: unknown) => typeof value === 'boolean', words: 'true or false' },
  number: { isFit: (value: unknown) => typeof value === 'number' && Number.isFinite(value), words: 'a number' },
  count: {
    isFit: (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0,
    words: 'a whole number above zero',
  },
  countOrZero: {
    isFit: (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0,
    words: 'a whole number, zero or more',
  },
} as const satisfies Readonly<Record<LibraryCheck, { isFit: (value: unknown) => boolean; words: string }>>

/** The options of a type, by what they hold; one that is missing does not compile. */
export type KnownOptions<Options> = Readonly<Record<keyof Options, LibraryCheck>>

/**
 * Throws `usage` for an option that does not exist, with what may have been meant, and for one that holds something
 * else: either could send thousands of requests that the user did not want. `what` is the call, such as `startRun`;
 * `elsewhere` says of options that exist in another call where they go.
 */
export function assertKnownOptions(
  what: string,
  options: unknown,
  known: Readonly<Record<string, LibraryCheck>>,
  elsewhere: (name: string) => string | undefined = () => undefined,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new LlmBatchError('usage', `${what} was called without its options`, {
      next: `The options are ${listOf(known)}.`,
    })
  }
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined
    if (value === undefined) continue
    if (kind === undefined) throw unknownOption(what, name, known, elsewhere(name))
    const { isFit, words } = KINDS[kind]
    if (isFit(value)) continue
    throw new LlmBatchError('usage', `${name} of ${what} is ${JSON.stringify(value)}; it must be ${words}`)
  }
}

function unknownOption(
  what: string,
  name: string,
  known: Readonly<Record<string, unknown>>,
  place: string | undefined,
): LlmBatchError {
  const camelCase = name.replace(/[-_]+([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const near = Object.hasOwn(known, camelCase) ? [camelCase] : nearMatches(camelCase, Object.keys(known))
  const meant = near.length > 0 ? ` (did you mean ${near.join(' or ')}?)` : ''
  const next = place ?? (near.length > 0 ? `Write ${near[0]}, or leave it out.` : `The options are ${listOf(known)}.`)
  return new LlmBatchError('usage', `${what} has no option ${JSON.stringify(name)}${meant}`, { next })
}

function listOf(known: Readonly<Record<string, unknown>>): string {
  return Object.keys(known).toSorted().join(', ')
}
