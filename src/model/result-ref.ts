import type { FileFacts } from './file-facts.ts'

/** What a result may hold: answers and errors, or errors alone. The only stream of results of a provider is `output`. */
export const RESULT_ROLES = ['output', 'error'] as const

export type ResultRole = (typeof RESULT_ROLES)[number]

/** A result of a batch at the provider: a file, or whatever else the provider's adapter can read again by this id. */
export interface ResultRef {
  readonly id: string
  /** At most one result of a batch has each role; a run keeps what it holds under this name. */
  readonly role: ResultRole
}

/** The results of a batch by their roles, as the catalog keeps them. */
export interface ResultIds {
  readonly outputFileId: string | null
  readonly errorFileId: string | null
}

/** A raw result file, by what it holds. */
export interface ResultFile extends FileFacts {
  readonly role: ResultRole
}

/**
 * The beginning of the names of an attempt's result files. Where a process that is halted may lose its lock, the number of
 * the writer stands in it: it goes on removing and writing files when it wakes up, which must not be those of its successor.
 */
export function resultStem(attemptKey: number, fence: number | null): string {
  return fence === null ? String(attemptKey) : `${attemptKey}-w${fence}`
}

/** The file of the outcomes of an attempt. What counts while it is held has a name of its own (see `isHeldName`). */
export function outcomesName(stem: string, isHeld: boolean): string {
  return isHeld ? `${stem}${HELD}` : `${stem}${SETTLED}`
}

const HELD = '-held.columns'
const SETTLED = '.columns'

/** True for the name of outcomes that counted while their batch was held. */
export function isHeldName(name: string): boolean {
  return name.endsWith(HELD)
}

/** The beginning of the names of the raw result files of which these outcomes were made. */
export function stemOf(outcomes: string): string {
  return outcomes.slice(0, -(isHeldName(outcomes) ? HELD : SETTLED).length)
}

/** References to the results that there are. */
export function resultRefs({ errorFileId, outputFileId }: ResultIds): readonly ResultRef[] {
  return RESULT_ROLES.flatMap((role) => {
    const id = role === 'output' ? outputFileId : errorFileId
    return id === null ? [] : [{ id, role }]
  })
}

/** The same by role; null where there is none. */
export function resultIds(results: readonly ResultRef[]): ResultIds {
  const idOf = (role: ResultRole): string | null => results.find((result) => result.role === role)?.id ?? null
  return { outputFileId: idOf('output'), errorFileId: idOf('error') }
}
