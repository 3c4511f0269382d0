import type { RowOutcome } from '../model/row.ts'
import { answerOf, type CostOf } from './answer.ts'
import { ANSWER_COLUMNS, TURN_COLUMNS } from './answer-columns.ts'
import type { LineFormat } from './line-format.ts'

/** Line breaks to some readers though not to JSON: `str.splitlines()` of Python, `node:readline` of newer Nodes. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/g

/**
 * JSON lines. Our members are put before the closing brace of the frozen row, so that the user's bytes stay as they
 * were (long integers, key order, escapes) and no row is parsed or serialised again.
 */
export function jsonlFormat(prefix: string, costOf: CostOf, hasTurns = false): LineFormat {
  const keys = ANSWER_COLUMNS.map((column) => ({ column, text: `${jsonText(prefix + column)}:` }))
  return {
    header: '',
    line(row) {
      const answer = answerOf(row, costOf)
      const isValue = row.result !== null && (row.result.structured !== null || row.result.outcome.isJson)
      const members = keys
        .map(
          ({ column, text }) =>
            text + (isValue && column === 'output' ? valueText(answer.output) : jsonText(answer[column])),
        )
        .join(',')
      const turns = hasTurns ? turnMembers(row, prefix, costOf) : ''
      return `${openObject(row.json)}${members}${turns}}\n`
    },
    formulaCells: 0,
  }
}

/** The object's text up to where another member may follow. */
export function openObject(json: string): string {
  const open = json.slice(0, json.lastIndexOf('}'))
  return open.trim() === '{' ? open : `${open},`
}

/** JSON text without characters that some readers take for line breaks. */
export function jsonText(value: string | number | null): string {
  const text = JSON.stringify(value)
  return typeof value === 'string' ? escaped(text) : text
}

/** JSON text that no reader breaks into several lines. */
function escaped(json: string): string {
  return json.replace(LINE_BREAKS, escapeCharacter)
}

/** How often a row was asked, and what the other answers were and cost. */
function turnMembers({ result }: RowOutcome, prefix: string, costOf: CostOf): string {
  const others = result?.others ?? []
  const earlier = others.map((other) => {
    const { code, output, reason, status } = other.outcome
    const error = [code, reason].filter((part) => part !== null).join(': ') || null
    return { output, status, error, cost_usd: costOf(other) }
  })
  const [turns, list] = TURN_COLUMNS.map((column) => JSON.stringify(prefix + column))
  return `,${turns}:${result === null ? 'null' : others.length + 1},${list}:${escaped(JSON.stringify(earlier))}`
}

/** An answer that is JSON text already: the value itself, never read nor written again. */
function valueText(json: string | number | null): string {
  return json === null ? 'null' : escaped(String(json))
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
