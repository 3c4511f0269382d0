import { answerOf, type CostOf } from './answer.ts'
import { ANSWER_COLUMNS } from './answer-columns.ts'
import type { LineFormat } from './line-format.ts'

/** Line breaks to some readers though not to JSON: `str.splitlines()` of Python, `node:readline` of newer Nodes. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/g

/**
 * JSON lines. Our members are put before the closing brace of the frozen row, so that the user's bytes stay as they
 * were (long integers, key order, escapes) and no row is parsed or serialised again.
 */
export function jsonlFormat(prefix: string, costOf: CostOf): LineFormat {
  const keys = ANSWER_COLUMNS.map((column) => ({ column, text: `${jsonText(prefix + column)}:` }))
  return {
    header: '',
    line(row) {
      const answer = answerOf(row, costOf)
      const isValue = row.result?.outcome.isJson === true
      const members = keys
        .map(
          ({ column, text }) =>
            text + (isValue && column === 'output' ? valueText(answer.output) : jsonText(answer[column])),
        )
        .join(',')
      return `${openObject(row.json)}${members}}\n`
    },
    formulaCells: 0,
  }
}

/** The object's text up to where another member may follow. */
function openObject(json: string): string {
  const open = json.slice(0, json.lastIndexOf('}'))
  return open.trim() === '{' ? open : `${open},`
}

function jsonText(value: string | number | null): string {
  const text = JSON.stringify(value)
  return typeof value === 'string' ? text.replace(LINE_BREAKS, escapeCharacter) : text
}

/** An answer that is JSON text already: the value itself, never read nor written again. */
function valueText(json: string | number | null): string {
  return json === null ? 'null' : String(json).replace(LINE_BREAKS, escapeCharacter)
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
