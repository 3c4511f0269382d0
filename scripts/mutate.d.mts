import type { Change } from '../proof/mutants/mutant.ts'

/**
 * Applies the changes, one after the other, to sources by path, and gives the paths and texts of those that differ. Throws
 * where a change does not fit exactly one place.
 */
export function mutate(sources: ReadonlyMap<string, string>, changes: readonly Change[]): ReadonlyMap<string, string>
