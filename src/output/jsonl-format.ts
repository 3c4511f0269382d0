import { jsonMembers } from '../lib/json-members.ts'
import type { RowOutcome } from '../model/row.ts'
import type { CostOf } from './answer.ts'
import type { AnswerShape } from './answer-shape.ts'
import { type AnswerColumn, type AnswerValue, COLUMNS } from './columns.ts'
import type { OutputField } from './fields.ts'
import { jsonAnswer, jsonOnOneLine, partOf, valueAt } from './json-answer.ts'
import type { LineFormat } from './line-format.ts'

/** Line breaks to some readers though not to JSON: `str.splitlines()` of Python, `node:readline` of newer Nodes. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/g
const LINE_BREAK = /[\u0085\u2028\u2029]/

export interface JsonLinesOptions {
  readonly fields: readonly OutputField[]
  /** False where only some columns of the input are kept, or in another order. */
  readonly isWholeRow: boolean
  readonly shape: AnswerShape
  readonly costOf: CostOf
}

/**
 * JSON lines. Our members are put before the closing brace of the frozen row, so that the user's bytes stay as they
 * were (long integers, key order, escapes) and no row is parsed or serialised again. Where only some columns are kept,
 * their values are still the user's own bytes.
 */
export function jsonlFormat({ costOf, fields, isWholeRow, shape }: JsonLinesOptions): LineFormat {
  const keys = fields.map((field) => ({ field, text: `${jsonText(field.name)}:` }))
  const ours = keys.flatMap(({ field, text }) => (field.kind === 'answer' ? [{ column: field.column, text }] : []))
  const isJson = shape.kind === 'json'

  function answerValue(row: RowOutcome, column: AnswerColumn): string {
    const { isJson: isJsonText, of } = COLUMNS[column]
    const value = of(row, costOf)
    if (column === 'output') return outputValue(row, value)
    return isJsonText ? ownJson(value) : jsonText(value)
  }

  function outputValue(row: RowOutcome, value: AnswerValue): string {
    // Provider-ready lines may go to endpoints of several kinds, so that each row tells for itself.
    const json = isJson || row.result?.structured || row.result?.outcome.isJson ? jsonAnswer(row) : null
    return json === null ? jsonText(value) : oneLine(json)
  }

  function wholeLine(row: RowOutcome): string {
    let line = openObject(row.json)
    for (const [place, { column, text }] of ours.entries()) {
      line += `${place === 0 ? '' : ','}${text}${answerValue(row, column)}`
    }
    return `${line}}\n`
  }

  function chosenLine(row: RowOutcome): string {
    const members = jsonMembers(row.json)
    const parts = keys.flatMap(({ field, text }) => {
      if (field.kind === 'answer') return [text + answerValue(row, field.column)]
      if (field.kind === 'line') return [text + row.line]
      if (field.kind === 'leaf') return [text + oneLine(valueAt(jsonAnswer(row) ?? '', field.path) ?? 'null')]
      if (field.kind === 'part') return [text + oneLine(partOf(row.json, field.column, field.path) ?? 'null')]
      const member = members.get(field.name)
      return member ? [text + row.json.slice(member.start, member.end)] : []
    })
    return `{${parts.join(',')}}\n`
  }

  return { header: '', line: isWholeRow ? wholeLine : chosenLine, formulaCells: 0 }
}

/** The object's text up to where another member may follow. */
export function openObject(json: string): string {
  const open = json.slice(0, json.lastIndexOf('}'))
  return open.trim() === '{' ? open : `${open},`
}

/** The value itself where the text is JSON, which that of a provider is but for accidents. */
function ownJson(text: AnswerValue): string {
  const json = typeof text === 'string' ? jsonOnOneLine(text) : null
  return json === null ? jsonText(text) : oneLine(json)
}

/** JSON text without characters that some readers take for line breaks. */
export function jsonText(value: AnswerValue): string {
  const text = JSON.stringify(value)
  return typeof value === 'string' ? oneLine(text) : text
}

function oneLine(json: string): string {
  return LINE_BREAK.test(json) ? json.replace(LINE_BREAKS, escapeCharacter) : json
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
