/** One change of a source file: `find` stands exactly once in it. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A rule broken on purpose, in a copy of the sources. */
export interface Defect {
  readonly name: string
  readonly patches: readonly Patch[]
  /** A case that showed it before and is tried first, where it hides from most; all others follow. */
  readonly shownBy?: string
}

/** A defect of one file. */
export function defect(
  name: string,
  file: string,
  ...changes: readonly (readonly [find: string, replace: string])[]
): Defect {
  return { name, patches: changes.map(([find, replace]) => ({ file, find, replace })) }
}

/** The same, tried first with this case. */
export function shownBy(caseName: string, rare: Defect): Defect {
  return { ...rare, shownBy: caseName }
}
