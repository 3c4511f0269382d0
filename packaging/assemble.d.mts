/** Makes the folder from nothing and gives the packages in it, as paths below it. */
export function assemble(folder: string, options?: { readonly platform?: string }): readonly string[]

/** The packages of these names and all that they need, as the lock has them: paths such as `node_modules/pg`. */
export function packagesOf(names: readonly string[]): readonly string[]

/** The names of the packages that the folder has beside our own, without what these need. */
export const NAMES: readonly string[]
