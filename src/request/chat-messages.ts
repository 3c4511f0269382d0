import { sliceProperty } from '../lib/json-slice.ts'
import { messageOf } from '../model/error.ts'
import type { Problem } from '../model/problem.ts'
import type { Row } from '../model/row.ts'
import { problemOf } from './build-result.ts'
import { compileTemplate, type Filled, type Template } from './template.ts'

/** One message of a conversation, in the shape that OpenAI and Mistral share. */
export interface ChatMessage {
  readonly role: string
  readonly [field: string]: unknown
}

/** Makes a row's prompt: its text, or whole messages. */
export type PromptFunction = (
  row: Readonly<Record<string, unknown>>,
) => string | readonly ChatMessage[] | Promise<string | readonly ChatMessage[]>

/** The messages of a row as JSON text, or what is wrong with them. */
export type RowMessages =
  | { readonly json: string; readonly isEmpty: boolean }
  | { readonly problems: readonly Problem[] }

/** Makes messages of a row; asynchronous only where the user's prompt function is. */
export type MessagesOf = (row: Row) => RowMessages | Promise<RowMessages>

/** Fills a prompt template, and a system template before it. */
export function messagesByTemplate(prompt: string, system: string | null): MessagesOf {
  const promptTemplate = compileTemplate(prompt)
  const systemTemplate = system === null ? null : compileTemplate(system)
  return (row) => {
    const user = promptTemplate.fill(row)
    const before = systemTemplate?.fill(row)
    const missing = new Set([...user.missing, ...(before?.missing ?? [])])
    if (missing.size > 0) return { problems: [...missing].map((name) => missingColumn(row, name)) }
    return { json: `[${systemMessage(before)}${message('user', user.text)}]`, isEmpty: user.isEmpty }
  }
}

/** Calls the user's function for every row; what it throws is that row's problem. */
export function messagesByFunction(prompt: PromptFunction, system: string | null): MessagesOf {
  const template = system === null ? null : compileTemplate(system)
  return async (row) => {
    try {
      const made: unknown = await prompt(row.record)
      if (typeof made === 'string') return withSystem(row, template, `[${message('user', made)}]`, made.trim() === '')
      const flaw = flawIn(made)
      if (flaw === undefined) return withSystem(row, template, JSON.stringify(made), false)
      return { problems: [problemOf(row, 'prompt_function_failed', `the prompt function returned ${flaw}`)] }
    } catch (error) {
      const detail = `the prompt function failed: ${messageOf(error)}`
      return { problems: [problemOf(row, 'prompt_function_failed', detail)] }
    }
  }
}

/** Takes the row's own `messages`, as they are written. */
export function messagesOfRow(system: string | null): MessagesOf {
  const template = system === null ? null : compileTemplate(system)
  return (row) => {
    const flaw = flawIn(row.record['messages'])
    const json = sliceProperty(row.json, 'messages')
    if (flaw !== undefined || json === undefined) {
      return { problems: [problemOf(row, 'missing_messages', `"messages" is ${flaw ?? 'absent'}`)] }
    }
    return withSystem(row, template, json, false)
  }
}

function withSystem(row: Row, template: Template | null, json: string, isEmpty: boolean): RowMessages {
  if (!template) return { json, isEmpty }
  const messages = JSON.parse(json) as readonly ChatMessage[]
  if (messages.some(({ role }) => role === 'system' || role === 'developer')) {
    const detail = 'the row has a system message of its own; leave --system out, or take it from the row'
    return { problems: [problemOf(row, 'system_contradiction', detail)] }
  }
  const filled = template.fill(row)
  if (filled.missing.length > 0) return { problems: filled.missing.map((name) => missingColumn(row, name)) }
  return { json: `[${systemMessage(filled)}${json.slice(1)}`, isEmpty }
}

/** What is wrong with messages; undefined where nothing is. */
function flawIn(messages: unknown): string | undefined {
  if (messages === undefined) return 'absent'
  if (!Array.isArray(messages)) return 'not a list'
  if (messages.length === 0) return 'an empty list'
  const bad = messages.findIndex((entry: unknown) => !isMessage(entry))
  return bad < 0 ? undefined : `a list whose entry ${bad + 1} is no object with a "role"`
}

function isMessage(entry: unknown): entry is ChatMessage {
  return typeof entry === 'object' && entry !== null && 'role' in entry && typeof entry.role === 'string'
}

function systemMessage(filled: Filled | undefined): string {
  return filled ? `${message('system', filled.text)},` : ''
}

function message(role: 'system' | 'user', text: string): string {
  return `{"role":"${role}","content":${JSON.stringify(text)}}`
}

/** A column that the run asks for and the row has not. */
export function missingColumn(row: Row, name: string): Problem {
  const columns = Object.keys(row.record)
  const there = columns.length > 0 ? `there are: ${columns.slice(0, 20).join(', ')}` : 'the row has none'
  return problemOf(row, 'missing_column', `no column "${name}"; ${there}${columns.length > 20 ? ', …' : ''}`)
}
