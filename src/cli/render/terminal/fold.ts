import { displayWidth } from './width.ts'

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
    .flatMap((line) => foldLine(line, columns))
    .join('\n')
}

/** Colours, as `Colors` writes them. */
const ESCAPE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

function foldLine(line: string, columns: number): readonly string[] {
  const bare = line.replaceAll(ESCAPE, '')
  if (displayWidth(bare) <= columns || TABLE_ROW.test(bare)) return [line]
  const indent = ' '.repeat((LABEL.exec(bare) ?? /^ */.exec(bare))?.[0].length ?? 0)
  // The first words stand where they stood, gaps and all.
  const [first = '', ...words] = line.split(/(?<=\S) (?=\S)/)
  const lines: string[] = []
  let last = first
  for (const word of words) {
    const longer = `${last} ${word}`
    if (displayWidth(longer) <= columns) {
      last = longer
      continue
    }
    lines.push(last)
    last = indent + word
  }
  return [...lines, last]
}
