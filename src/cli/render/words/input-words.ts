/** Where the rows of a run come from, in a few words; null for rows from memory. */
export function inputWords(paths: readonly string[] | null, pathText: (path: string) => string): string | null {
  const [first, ...others] = paths ?? []
  if (first === undefined) return null
  if (first === '-') return 'standard input'
  return others.length === 0 ? pathText(first) : `${pathText(first)} and ${others.length} more`
}
