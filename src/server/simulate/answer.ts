import type { JsonObject } from '../../lib/json.ts'
import type { ToolCall } from './tool-call.ts'
import type { Wording } from './wording.ts'

/** Parts of an answer, before it takes the shape of an endpoint. */
export interface SimulatedAnswer {
  readonly wording: Wording
  readonly model: string
  /** The body of the request. */
  readonly request: JsonObject
  /** One, or as many as were asked for. */
  readonly choices: readonly Words[]
  readonly inputTokens: number
  readonly outputTokens: number
  readonly digest: string
  /** Epoch seconds. */
  readonly createdAt: number
}

/** The text of the model, and the reason why it stopped. */
export interface Words {
  readonly text: string
  readonly ending: Ending
  /** In place of text. */
  readonly toolCall?: ToolCall
}

/** The way an answer ended. */
export type Ending = 'stop' | 'length' | 'refusal' | 'content_filter' | 'tool_call'

/** The model as the answer names it: OpenAI answers with a dated snapshot. */
export function modelOf(answer: SimulatedAnswer): string {
  const isSnapshot = /\d{4}-?\d{2}-?\d{2}$/.test(answer.model)
  return answer.wording === 'openai' && !isSnapshot ? `${answer.model}-2026-01-15` : answer.model
}

/** Endpoints that give one answer give the first. */
export function firstOf({ choices }: SimulatedAnswer): Words {
  return choices[0] ?? { text: '', ending: 'stop' }
}
