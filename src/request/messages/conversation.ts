import { sliceProperty } from '../../lib/json-slice.ts'
import type { Problem } from '../../model/problem.ts'
import type { Row } from '../../model/row.ts'
import { problemOf } from '../build-result.ts'
import { type ChatMessage, flawIn, hasSystem } from './message-json.ts'
import { missingColumn } from './message-problems.ts'

/** The conversation that a row holds, or what is wrong with it. */
export type Conversation =
  | {
      /** Its messages as JSON text without the brackets around them, on one line; empty where there are none. */
      readonly inner: string
      readonly hasSystem: boolean
    }
  | { readonly problem: Problem }

const NONE: Conversation = { inner: '', hasSystem: false }

/**
 * The conversation in this column: a list of messages, or such a list as JSON text, as a CSV cell holds it. Null, empty
 * text and an empty list are a conversation that has not begun.
 */
export function conversationIn(row: Row, column: string | null): Conversation {
  if (column === null) return NONE
  if (!Object.hasOwn(row.record, column)) return { problem: missingColumn(row, column) }
  const value = row.record[column]
  if (value === null || value === undefined) return NONE
  return typeof value === 'string' ? fromText(row, column, value) : fromList(row, column, value)
}

function fromText(row: Row, column: string, text: string): Conversation {
  if (text.trim() === '') return NONE
  let messages: unknown
  try {
    messages = JSON.parse(text)
  } catch {
    // What a user wrote into a cell need not be JSON.
    return { problem: problemOf(row, 'missing_messages', `"${column}" is text that is not JSON`) }
  }
  // A cell may be laid out over several lines; a request stands on one.
  return fromParsed(row, column, messages, /[\r\n]/.test(text) ? JSON.stringify(messages) : text.trim())
}

function fromList(row: Row, column: string, value: unknown): Conversation {
  return fromParsed(row, column, value, sliceProperty(row.json, column) ?? JSON.stringify(value))
}

function fromParsed(row: Row, column: string, messages: unknown, json: string): Conversation {
  if (Array.isArray(messages) && messages.length === 0) return NONE
  const flaw = flawIn(messages)
  if (flaw !== undefined) return { problem: problemOf(row, 'missing_messages', `"${column}" is ${flaw}`) }
  return { inner: json.slice(1, -1).trim(), hasSystem: hasSystem(messages as readonly ChatMessage[]) }
}
