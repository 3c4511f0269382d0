import type { Row } from '../model/row.ts'
import { CHAT_ENDPOINT } from '../model/target.ts'
import { factsOf } from '../providers/known.ts'
import type { BuildResult } from '../request/build-result.ts'
import { createLanes } from '../request/lanes.ts'
import { messagesOfRow } from '../request/messages/chat-messages.ts'
import { createChatBuilder } from '../request/messages/chat-request.ts'
import type { ChatMessage } from '../request/messages/message-json.ts'
import type { ProcessorContext } from './processor-context.ts'
import { ProcessorError } from './processor-error.ts'
import type { ProcessorOptions } from './processor-options.ts'

/** One line of a task or batch file, exactly as the provider takes it. */
export interface BatchTask {
  /** The user's own id; the provider repeats it in the result. */
  readonly custom_id: string
  /** Absent at Mistral. */
  readonly method?: string
  /** The endpoint; absent at Mistral, where the job names it. */
  readonly url?: string
  readonly body: Readonly<Record<string, unknown>>
}

/** Messages of one task: a prompt, one message, or a list of messages. */
export type Conversation = string | ChatMessage | readonly ChatMessage[]

/** Makes tasks of ids and conversations of the same length. */
export type MakeTasks = (
  ids: readonly (string | number)[],
  conversations: readonly Conversation[],
) => readonly BatchTask[]

/**
 * Prepares what all tasks share. Throws `LlmBatchError` with code `usage` for body fields that cannot be chosen; the
 * function made throws `ProcessorError` with code `input`, naming the position (from 1), for input that cannot be sent.
 */
export function createTaskMaker(context: ProcessorContext, options: ProcessorOptions): MakeTasks {
  const { limits, provider, target } = context
  const laneOf = createLanes(provider.name, {
    limitsOf: () => limits,
  })
  const lane = laneOf(CHAT_ENDPOINT, target.model)
  const build = createChatBuilder(
    {
      model: target.model,
      maxTokens: options.maxCompletionTokens ?? null,
      temperature: options.temperature ?? null,
      parameters: {
        ...(options.responseFormat === undefined
          ? {}
          : { [factsOf(provider.name).responseFormatField]: options.responseFormat }),
        ...options.body,
      },
      idColumn: null,
      answer: null,
    },
    messagesOfRow(null),
    lane,
  )
  return (ids, conversations) => {
    assertSameLength(ids, conversations)
    const wireIds = ids.map(String)
    assertDistinctIds(wireIds)
    return wireIds.map((id, index) => {
      const body = bodyOf(build(rowOf(conversations[index], index)), id, index)
      const line = provider.encode({ wireId: id, target: lane.target, body })
      return JSON.parse(line) as BatchTask
    })
  }
}

function assertSameLength(ids: readonly unknown[], conversations: readonly unknown[]): void {
  if (ids.length === conversations.length) return
  const position = Math.min(ids.length, conversations.length) + 1
  const lonely = ids.length > conversations.length ? 'an id and no messages' : 'messages and no id'
  throw badInput(
    `there are ${ids.length} ids and ${conversations.length} conversations; position ${position} has ${lonely}`,
    'Give as many ids as conversations, in the same order.',
  )
}

/** Throws `ProcessorError` for an id that is empty or used twice, naming the position, from 1. */
export function assertDistinctIds(ids: readonly string[]): void {
  const positions = new Map<string, number>()
  for (const [index, id] of ids.entries()) {
    const position = index + 1
    if (id.trim() === '') throw badInput(`the id at position ${position} is empty`, 'Give every task an id.')
    const earlier = positions.get(id)
    if (earlier !== undefined) {
      const shown = JSON.stringify(id)
      throw badInput(
        `the id ${shown} is used twice, at positions ${earlier} and ${position}`,
        'Give every task an id of its own, because results come in any order and are joined by it.',
      )
    }
    positions.set(id, position)
  }
}

/** A conversation as the request room reads it. */
function rowOf(conversation: Conversation | undefined, index: number): Row {
  const record = { messages: messagesOf(conversation) }
  return { line: index + 1, json: JSON.stringify(record), record }
}

function messagesOf(conversation: Conversation | undefined): unknown {
  if (typeof conversation === 'string') return [{ role: 'user', content: conversation }]
  return Array.isArray(conversation) ? conversation : [conversation]
}

function bodyOf(built: BuildResult | Promise<BuildResult>, id: string, index: number): string {
  if (built instanceof Promise) throw new Error('messages of a row are never asynchronous')
  if ('request' in built) return built.request.body
  const reason = built.problems.map(({ detail }) => detail).join('; ')
  throw badInput(
    `the messages at position ${index + 1} (id ${JSON.stringify(id)}) cannot be sent: ${reason}`,
    'A conversation is a text, one message such as { role, content }, or a list of messages.',
  )
}

function badInput(message: string, next: string): ProcessorError {
  return new ProcessorError('refused', 'input', `No task was made: ${message}.`, { next })
}
