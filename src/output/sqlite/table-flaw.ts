/** The most columns that a table has, unless the engine was built for more. */
const MOST_COLUMNS = 2_000

/** Why a table of SQLite cannot have columns of these names; undefined where it can. */
export function flawOfTable(names: readonly string[]): string | undefined {
  if (names.length > MOST_COLUMNS) {
    return `a table of SQLite has at most ${MOST_COLUMNS} columns, and the answers have ${names.length}`
  }
  const known = new Map<string, string>()
  for (const name of names) {
    if (name.includes('\0'))
      return `a table of SQLite cannot have the column ${JSON.stringify(name)}: a name ends at a NUL`
    const key = asCompared(name)
    const other = known.get(key)
    if (other !== undefined) return `the columns ${other} and ${name} have the same name for SQLite`
    known.set(key, name)
  }
  return undefined
}

/** SQLite takes capital and small letters for the same, but only those of ASCII. */
function asCompared(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}
