import { nearMatches } from '../lib/near-match.ts'
import { LlmBatchError } from '../model/error.ts'

/**
 * Throws `usage` for an option that does not exist, with what may have been meant: a misspelt option that is passed over
 * could send thousands of requests without it. `what` is the call, such as `startRun`.
 */
export function assertKnownOptions(what: string, options: object | undefined, known: readonly string[]): void {
  const unknown = Object.entries(options ?? {}).find(([name, value]) => value !== undefined && !known.includes(name))
  if (unknown === undefined) return
  const [name] = unknown
  const camelCase = name.replace(/[-_]+([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const near = known.includes(camelCase) ? [camelCase] : nearMatches(camelCase, known)
  const meant = near.length > 0 ? ` (did you mean ${near.join(' or ')}?)` : ''
  throw new LlmBatchError('usage', `${what} has no option ${JSON.stringify(name)}${meant}`, {
    next: `Its options are ${known.toSorted().join(', ')}.`,
  })
}
