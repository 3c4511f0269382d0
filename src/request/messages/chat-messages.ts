import { sliceProperty } from '../../lib/json-slice.ts'
import { messageOf } from '../../model/error.ts'
import type { Row } from '../../model/row.ts'
import { problemOf } from '../build-result.ts'
import { compileTemplate, type Filled } from '../templates/template.ts'
import type { CompileTemplate } from '../templates/template-compiler.ts'
import { conversationIn } from './conversation.ts'
import { type ChatMessage, flawIn, hasSystem, message } from './message-json.ts'
import { fillingProblems, systemContradiction } from './message-problems.ts'
import type { MessagesOf, RowMessages } from './row-messages.ts'
import { historyProblems, type TurnSettings, turnsOf } from './turns.ts'

/** Makes a row's prompt: its text, or whole messages. */
export type PromptFunction = (
  row: Readonly<Record<string, unknown>>,
) => string | readonly ChatMessage[] | Promise<string | readonly ChatMessage[]>

/** Fills a prompt template, and a system template before it: the usual case of `messagesByTurns`, without its lists. */
export function messagesByTemplate(prompt: string, system: string | null, compile: CompileTemplate): MessagesOf {
  const promptTemplate = compile(prompt, 'the prompt')
  const systemTemplate = system === null ? null : compile(system, 'the system message')
  return (row) => {
    const user = promptTemplate.fill(row)
    const before = systemTemplate?.fill(row)
    if (isFlawed(user) || isFlawed(before)) return { problems: fillingProblems(row, before ? [user, before] : [user]) }
    const systemMessage = before ? `${message('system', before.text)},` : ''
    return { json: `[${systemMessage}${message('user', user.text)}]`, isEmpty: user.isEmpty }
  }
}

function isFlawed(filled: Filled | undefined): boolean {
  return filled !== undefined && (filled.missing.length > 0 || filled.failure !== undefined)
}

/** Calls the user's function for every row; what it throws is that row's problem. */
export function messagesByFunction(
  prompt: PromptFunction,
  settings: TurnSettings,
  compile: CompileTemplate,
): MessagesOf {
  const { system, turns } = turnsOf({ ...settings, prompt: null }, compile)
  return async (row) => {
    const made = await callFunction(prompt, row)
    if ('problems' in made) return made
    const filled = [...system, ...turns].map(({ role, template }) => ({ role, ...template.fill(row) }))
    const history = conversationIn(row, settings.messagesColumn)
    const problems = [
      ...fillingProblems(row, filled),
      ...historyProblems(row, history, system),
      ...(system.length > 0 && hasSystem(made.json) ? [systemContradiction(row)] : []),
    ]
    if ('problem' in history || problems.length > 0) return { problems }
    const before = [...filled.map(({ role, text }) => message(role, text)), ...(history.inner ? [history.inner] : [])]
    const json = before.length === 0 ? made.json : `[${before.join()},${made.json.slice(1)}`
    return { json, isEmpty: made.isEmpty }
  }
}

/** Takes the row's own `messages`, as they are written. */
export function messagesOfRow(system: string | null, compile: CompileTemplate = compileTemplate): MessagesOf {
  const template = system === null ? null : compile(system, 'the system message')
  return (row) => {
    const flaw = flawIn(row.record['messages'])
    const json = sliceProperty(row.json, 'messages')
    if (flaw !== undefined || json === undefined) {
      return { problems: [problemOf(row, 'missing_messages', `"messages" is ${flaw ?? 'absent'}`)] }
    }
    if (!template) return { json, isEmpty: false }
    if (hasSystem(json)) return { problems: [systemContradiction(row)] }
    const filled = template.fill(row)
    const problems = fillingProblems(row, [filled])
    if (problems.length > 0) return { problems }
    return { json: `[${message('system', filled.text)},${json.slice(1)}`, isEmpty: false }
  }
}

async function callFunction(prompt: PromptFunction, row: Row): Promise<RowMessages> {
  try {
    const made: unknown = await prompt(row.record)
    if (typeof made === 'string') return { json: `[${message('user', made)}]`, isEmpty: made.trim() === '' }
    const flaw = flawIn(made)
    if (flaw === undefined) return { json: JSON.stringify(made), isEmpty: false }
    return { problems: [problemOf(row, 'prompt_function_failed', `the prompt function returned ${flaw}`)] }
  } catch (error) {
    const detail = `the prompt function failed: ${messageOf(error)}`
    return { problems: [problemOf(row, 'prompt_function_failed', detail)] }
  }
}
