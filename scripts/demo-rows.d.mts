/** The extract as JSON lines: key, name and description of every feature, sorted by key. */
export function demoRows(): string

/** The version of the package that the extract is made from. */
export function packageVersion(): string
