import { LlmBatchError } from '../model/error.ts'
import type { Row } from '../model/row.ts'
import type { RunDefinition } from '../model/run.ts'
import { CHAT_ENDPOINT } from '../model/target.ts'
import type { BuildResult } from './build-result.ts'
import { messagesByFunction, messagesByTemplate, messagesOfRow, type PromptFunction } from './chat-messages.ts'
import { createChatBuilder } from './chat-request.ts'
import { partFormOf } from './image-part.ts'
import type { ImageFiles } from './images.ts'
import { createLanes, type Lane, type LaneOptions } from './lanes.ts'
import { createProviderBuilder } from './provider-request.ts'
import type { MessagesOf } from './row-messages.ts'
import { compileTemplate } from './template.ts'
import type { CompileTemplate } from './template-compiler.ts'
import { messagesByTurns } from './turns.ts'
import { withImages } from './with-images.ts'

export interface RequestOptions extends LaneOptions {
  readonly definition: Pick<
    RunDefinition,
    | 'provider'
    | 'model'
    | 'shape'
    | 'prompt'
    | 'system'
    | 'messages'
    | 'messagesColumn'
    | 'imageColumns'
    | 'imageDetail'
    | 'maxTokens'
    | 'temperature'
    | 'parameters'
    | 'idColumn'
  >
  /** Makes the prompts in place of `definition.prompt`. */
  readonly promptFunction?: PromptFunction | undefined
  /** Reads the templates; see `loadTemplates`. @default plain templates only */
  readonly compile?: CompileTemplate | undefined
  /** Where image files are read from; needed where the definition names columns with images. */
  readonly imageFiles?: ImageFiles | undefined
}

/** Turns a row into a request; the result is a promise only where a prompt function or columns with images were given. */
export type RequestBuilder = (row: Row) => BuildResult | Promise<BuildResult>

/**
 * Makes the builder for all rows of a run. What is wrong with a row is a problem in its result.
 * @throws LlmBatchError `usage` for a definition that no row can be sent with
 */
export function createRequestBuilder(options: RequestOptions): RequestBuilder {
  const { definition } = options
  const laneOf = createLanes(definition.provider, options)
  if (definition.shape === 'provider') return createProviderBuilder(definition, laneOf)
  return createChatBuilder(definition, imagesFor(options, messagesFor(options), laneOf), laneOf)
}

function messagesFor({ compile = compileTemplate, definition, promptFunction }: RequestOptions): MessagesOf {
  const { messages, messagesColumn, prompt, shape, system } = definition
  if (shape === 'chat') return messagesOfRow(system, compile)
  if (promptFunction) return messagesByFunction(promptFunction, definition, compile)
  if (messages !== null || messagesColumn !== null) return messagesByTurns(definition, compile)
  if (prompt !== null) return messagesByTemplate(prompt, system, compile)
  throw new LlmBatchError('usage', 'no prompt given', { next: 'Add --prompt "… {{column}} …" or --prompt-file FILE.' })
}

function imagesFor(
  { definition, imageFiles: files }: RequestOptions,
  messagesOf: MessagesOf,
  laneOf: (endpoint: string, model: string) => Lane,
): MessagesOf {
  const { imageColumns: columns, imageDetail: detail, model } = definition
  if (columns.length === 0 || model === null) return messagesOf
  if (files === undefined) throw new Error('there are columns with images and nothing to read them with')
  const { limits, target } = laneOf(CHAT_ENDPOINT, model)
  const { maxImageBytes: maxBytes, maxImages } = limits
  return withImages(messagesOf, { columns, detail, files, form: partFormOf(target), maxBytes, maxImages })
}
