import { plainLine } from '../../../lib/plain-text.ts'
import type { Colors } from './colors.ts'

/** A label with its text, which may have several lines; a null text leaves the fact out. */
export type Fact = readonly [label: string, text: string | null]

/** Labels in one column, texts in another, two spaces in; every line ends in a line feed. */
export function renderFacts(facts: readonly Fact[], colors: Colors): string {
  const shown = facts.filter((fact): fact is readonly [string, string] => fact[1] !== null)
  const width = Math.max(0, ...shown.map(([label]) => label.length))
  return shown
    .map(([label, text]) => {
      const indented = text.replaceAll('\n', `\n${' '.repeat(width + 4)}`)
      return `  ${colors.dim(label.padEnd(width))}  ${indented}\n`
    })
    .join('')
}

/** A path for people, where `-` is a standard stream. */
export function placeText(path: string): string {
  return path === '-' ? 'through a pipe' : plainLine(path)
}
