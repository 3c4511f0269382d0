import { answerOf, type CostOf } from './answer.ts'
import { ANSWER_COLUMNS } from './answer-columns.ts'
import type { LineFormat } from './line-format.ts'

/** Line breaks to some readers though not to JSON: `str.splitlines()` of Python, `node:readline` of newer Nodes. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/g
const LINE_BREAK = /[\u0085\u2028\u2029]/

/**
 * JSON lines. Our members are put before the closing brace of the frozen row, so that the user's bytes stay as they
 * were (long integers, key order, escapes) and no row is parsed or serialised again.
 */
export function jsonlFormat(prefix: string, costOf: CostOf): LineFormat {
  const keys = ANSWER_COLUMNS.map((column, place) => ({
    column,
    text: `${place === 0 ? '' : ','}${jsonText(prefix + column)}:`,
  }))
  return {
    header: '',
    line(row) {
      const answer = answerOf(row, costOf)
      let line = openObject(row.json)
      for (const { column, text } of keys) line += text + jsonText(answer[column])
      return `${line}}\n`
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
  if (typeof value !== 'string') return JSON.stringify(value)
  const text = JSON.stringify(value)
  return LINE_BREAK.test(text) ? text.replace(LINE_BREAKS, escapeCharacter) : text
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
