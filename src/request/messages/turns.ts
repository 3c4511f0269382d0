import { LlmBatchError } from '../../model/error.ts'
import { mention } from '../../model/options/mention.ts'
import type { Problem } from '../../model/problem.ts'
import type { Row } from '../../model/row.ts'
import type { MessageRole, RunDefinition } from '../../model/run.ts'
import { problemOf } from '../build-result.ts'
import type { Template } from '../templates/template.ts'
import type { CompileTemplate } from '../templates/template-compiler.ts'
import { type Conversation, conversationIn } from './conversation.ts'
import { isSystem, message } from './message-json.ts'
import { fillingProblems, systemContradiction } from './message-problems.ts'
import type { MessagesOf } from './row-messages.ts'

/** The parts of a conversation, in this order: system message, turns, the row's own conversation, prompt. */
export type TurnSettings = Pick<RunDefinition, 'prompt' | 'system' | 'messages' | 'messagesColumn'>

interface Turn {
  readonly role: MessageRole
  readonly template: Template
}

/**
 * Fills the templates of a conversation. The row's own conversation stands before the last turn of the user.
 * @throws LlmBatchError `usage` for two system messages
 */
export function messagesByTurns(settings: TurnSettings, compile: CompileTemplate): MessagesOf {
  const { system, turns } = turnsOf(settings, compile)
  const isAsked = turns.at(-1)?.role === 'user'
  const [before, last] = isAsked ? [turns.slice(0, -1), turns.slice(-1)] : [turns, []]
  const asking = turns.filter(({ role, template }) => !isSystem(role) && template.placeholders.length > 0)
  return (row) => {
    const filled = new Map([...system, ...turns].map(({ template }) => [template, template.fill(row)]))
    const history = conversationIn(row, settings.messagesColumn)
    const problems = [...fillingProblems(row, [...filled.values()]), ...historyProblems(row, history, system)]
    if ('problem' in history || problems.length > 0) return { problems }
    const messageOfTurn = ({ role, template }: Turn): string => message(role, filled.get(template)?.text ?? '')
    const messages = [...system, ...before].map(messageOfTurn)
    if (history.inner !== '') messages.push(history.inner)
    messages.push(...last.map(messageOfTurn))
    if (messages.length === system.length) return { problems: [nothingSaid(row, settings)] }
    const isEmpty = asking.length > 0 && asking.every(({ template }) => filled.get(template)?.isEmpty)
    return { json: `[${messages.join()}]`, isEmpty: isEmpty && history.inner === '' }
  }
}

/** The templates of a conversation, by the names that errors give them. */
export function templatesOf({ messages, prompt, system }: TurnSettings): Readonly<Record<string, string>> {
  return {
    ...(system === null ? {} : { 'the system message': system }),
    ...Object.fromEntries((messages ?? []).map(({ content }, index) => [`message ${index + 1}`, content])),
    ...(prompt === null ? {} : { 'the prompt': prompt }),
  }
}

/** System messages stand first wherever they were given, so that there can be one only. */
export function turnsOf(
  { messages, prompt, system }: TurnSettings,
  compile: CompileTemplate,
): { system: readonly Turn[]; turns: readonly Turn[] } {
  const turn = (role: MessageRole, text: string | null, what: string): readonly Turn[] =>
    text === null ? [] : [{ role, template: compile(text, what) }]
  const all = [
    ...turn('system', system, 'the system message'),
    ...(messages ?? []).flatMap(({ content, role }, index) => turn(role, content, `message ${index + 1}`)),
    ...turn('user', prompt, 'the prompt'),
  ]
  const first = all.slice(0, 1).filter(({ role }) => isSystem(role))
  const rest = all.slice(first.length)
  if (!rest.some(({ role }) => isSystem(role))) return { system: first, turns: rest }
  throw new LlmBatchError('usage', 'the messages have a system message that is not the first and only one', {
    next: `Give it once: as the first of the messages, or with ${mention('system')}.`,
  })
}

/** What is wrong with the conversation of a row, by itself or beside a system message for all. */
export function historyProblems(row: Row, history: Conversation, system: readonly Turn[]): readonly Problem[] {
  if ('problem' in history) return [history.problem]
  return system.length > 0 && history.hasSystem ? [systemContradiction(row)] : []
}

function nothingSaid(row: Row, { messagesColumn }: TurnSettings): Problem {
  return problemOf(row, 'missing_messages', `"${messagesColumn ?? 'messages'}" is empty, and there is no prompt`)
}
