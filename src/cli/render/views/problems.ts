import { plainLine } from '../../../lib/plain-text.ts'
import type { Problem } from '../../../model/problem.ts'
import type { Colors } from '../terminal/colors.ts'
import { count, counted } from '../terminal/quantity.ts'

/** Problems that are shown one by one; the rest are counted. */
const MOST_SHOWN = 20
const MOST_DETAIL_CHARACTERS = 200

/** The first twenty problems of the input with their line numbers, and how many more there are (`total` counts all). */
export function renderProblems(problems: readonly Problem[], total: number, colors: Colors): string {
  if (total === 0) return ''
  const shown = problems.slice(0, MOST_SHOWN)
  const width = Math.max(0, ...shown.map(({ line }) => count(line).length))
  const lines = shown.map(({ line, code, detail, file }) => {
    const place = `${file === undefined ? '' : `${plainLine(file)} `}line ${count(line).padStart(width)}`
    return `  ${place}  ${colors.red(code)}: ${plainLine(detail, MOST_DETAIL_CHARACTERS)}\n`
  })
  const rest = total - shown.length
  const more = rest > 0 ? `  and ${count(rest)} more\n` : ''
  return `${counted(total, 'row')} cannot be used:\n${lines.join('')}${more}`
}
