/**
 * One change of the sources, by their syntax. `inside` names the declaration that holds it: a function, a constant, a
 * property, or `Class.method`; where several have the name, the one that holds the code counts. Formatting, comments and the
 * file do not matter.
 */
export interface Change {
  /** `code`: other code in place of what is found; `before`: code ahead of it; `words`: other words within a text literal. */
  readonly kind: 'code' | 'before' | 'words'
  readonly inside: string
  /** What is looked for, and found once where `nth` is not given; `ANY` fits an expression, `...ANY` all further ones. */
  readonly find: string
  readonly write: string
  /** Which one, from 1, where there are several. */
  readonly nth?: number
}

/** A rule broken on purpose, in a copy of the sources. */
export interface Mutant {
  readonly name: string
  readonly changes: readonly Change[]
  /** A case that showed it before and is tried first, where it hides from most; all others follow. */
  readonly shownBy?: string | undefined
}

export function mutant(name: string, ...changes: readonly Change[]): Mutant {
  return { name, changes }
}

/** The same, tried first with this case. */
export function shownBy(caseName: string, rare: Mutant): Mutant {
  return { ...rare, shownBy: caseName }
}

/** Other code in place of some; none takes it away. */
export function replace(inside: string, find: string, write = '', nth?: number): Change {
  return { kind: 'code', inside, find, write, ...(nth === undefined ? {} : { nth }) }
}

/** Statements ahead of one. */
export function before(inside: string, find: string, write: string, nth?: number): Change {
  return { kind: 'before', inside, find, write, ...(nth === undefined ? {} : { nth }) }
}

/** Other words within a text, such as a statement of SQL. */
export function reword(inside: string, find: string, write: string): Change {
  return { kind: 'words', inside, find, write }
}
