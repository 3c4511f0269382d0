import { stripVTControlCharacters } from 'node:util'
import { wrapAnsi } from 'fast-wrap-ansi'
import { displayWidth } from './width.ts'

/** Colours before a character, as `Colors` writes them. */
const COLOUR = `(?:${String.fromCharCode(27)}\\[[0-9;]*m)*`

/** A label and the gap after it, as facts and next commands have it; their text goes on below itself. */
const LABEL = /^(?: {2}\S+(?: \S+)* {2,}|Next: )(?=\S)/

/** Cells between columns tell a row of a table, which no line break makes easier to read; a next command is none. */
const TABLE_ROW = /^(?!Next: )\S.*\S {2,}\S/

/**
 * The text with lines of at most this many cells, broken between words, what follows indented like what it belongs to. Rows
 * of tables and words that are longer than a line stay as they are.
 */
export function fold(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => foldLine(line, columns))
    .join('\n')
}

/** The first so many characters of a line, with the colours among them. */
function beginningOf(line: string, length: number): string {
  return new RegExp(`^(?:${COLOUR}.){${length}}`, 'u').exec(line)?.[0] ?? ''
}

function foldLine(line: string, columns: number): string {
  const bare = stripVTControlCharacters(line)
  if (displayWidth(bare) <= columns || TABLE_ROW.test(bare)) return line
  const indent = (LABEL.exec(bare) ?? /^ */.exec(bare))?.[0].length ?? 0
  const beginning = beginningOf(line, indent)
  const text = wrapAnsi(line.slice(beginning.length), columns - indent)
  return beginning + text.replaceAll('\n', `\n${' '.repeat(indent)}`)
}
