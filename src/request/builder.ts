import { endpointName } from '../model/endpoint.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Row } from '../model/row.ts'
import type { RunDefinition } from '../model/run.ts'
import { CHAT_ENDPOINT } from '../model/target.ts'
import { factsOf } from '../providers/known.ts'
import type { BuildResult } from './build-result.ts'
import { type EndpointForm, endpointForm } from './endpoint-form.ts'
import type { ImageFiles } from './images/images.ts'
import { withImages } from './images/with-images.ts'
import { createLanes, type Lane, type LaneOptions } from './lanes.ts'
import { messagesByFunction, messagesByTemplate, messagesOfRow, type PromptFunction } from './messages/chat-messages.ts'
import { createChatBuilder } from './messages/chat-request.ts'
import type { MessagesOf } from './messages/row-messages.ts'
import { promptAndSuffix, type TextRules, textByFunction, textByTemplate, textOfColumn } from './messages/text-input.ts'
import { messagesByTurns } from './messages/turns.ts'
import { createProviderBuilder } from './provider-request.ts'
import { compileTemplate } from './templates/template.ts'
import type { CompileTemplate } from './templates/template-compiler.ts'

export interface RequestOptions extends LaneOptions {
  readonly definition: Pick<
    RunDefinition,
    | 'provider'
    | 'model'
    | 'shape'
    | 'endpoint'
    | 'textColumn'
    | 'suffixColumn'
    | 'hasTextLists'
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
    | 'answer'
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
  if (definition.endpoint !== null) assertOffered(laneOf(definition.endpoint, definition.model ?? ''))
  if (definition.shape === 'provider') return createProviderBuilder(definition, laneOf)
  if (definition.model === null)
    throw new LlmBatchError('usage', 'the run has no model', { next: `Add ${mention('model', 'provider/model')}.` })
  const lane = laneOf(definition.endpoint ?? CHAT_ENDPOINT, definition.model)
  assertOffered(lane)
  const form = formOf(lane, definition)
  const contentOf =
    form.takes === 'messages' ? imagesFor(options, messagesFor(options, lane), lane) : textFor(options, form, lane)
  return createChatBuilder(definition, contentOf, lane, form)
}

/** @throws LlmBatchError `usage`, naming the endpoints that the provider takes batches for, or one that suits the model */
function assertOffered({ limits, misfit, target }: Lane): void {
  if (limits.isEndpointKnown && misfit === null) return
  if (misfit) throw new LlmBatchError('usage', `${misfit.what}; nothing was sent`, { next: misfit.next })
  const offered = limits.endpoints.map(endpointName).join(', ')
  throw new LlmBatchError('usage', `${target.provider} does not support batches for ${endpointName(target.endpoint)}`, {
    next: `It supports batches for ${offered}.`,
  })
}

function formOf({ target }: Lane, definition: RequestOptions['definition']): EndpointForm {
  const form = endpointForm(target.endpoint, definition)
  if (form) return form
  throw new LlmBatchError('usage', `llm-batch cannot make requests for ${target.endpoint} from prompts and columns`, {
    next: 'Give provider-ready lines: "custom_id" and "body" in every row, and no prompt.',
  })
}

function messagesFor(
  { compile = compileTemplate, definition, promptFunction }: RequestOptions,
  { target }: Lane,
): MessagesOf {
  const { messages, messagesColumn, prompt, shape, suffixColumn, system, textColumn } = definition
  const column = textColumn ?? suffixColumn
  if (column !== null) {
    throw new LlmBatchError('usage', `${endpointName(target.endpoint)} takes messages, not the text of a column`, {
      next: `Write a prompt instead of ${mention(textColumn === null ? 'suffixColumn' : 'textColumn')}, such as ${mention('prompt', `"{{${column}}}"`)}.`,
    })
  }
  if (shape === 'chat') return messagesOfRow(system, compile)
  if (promptFunction) return messagesByFunction(promptFunction, definition, compile)
  if (messages !== null || messagesColumn !== null) return messagesByTurns(definition, compile)
  if (prompt !== null) return messagesByTemplate(prompt, system, compile)
  throw new LlmBatchError('usage', 'the run has no prompt', {
    next: `Add ${mention('prompt', '"… {{column}} …"')} or ${mention('promptFile', 'FILE')}.`,
  })
}

function imagesFor(
  { definition, imageFiles: files }: RequestOptions,
  messagesOf: MessagesOf,
  { limits, target }: Lane,
): MessagesOf {
  const { imageColumns: columns, imageDetail: detail } = definition
  if (columns.length === 0) return messagesOf
  if (files === undefined) throw new Error('there are columns with images and nothing to read them with')
  const { maxImageBytes: maxBytes, maxImages } = limits
  const form = factsOf(target.provider).messageParts(target.endpoint)
  return withImages(messagesOf, { columns, detail, files, form, maxBytes, maxImages })
}

function textFor(options: RequestOptions, form: EndpointForm, { limits, target }: Lane): MessagesOf {
  const { hasTextLists: isList, imageColumns, messages, messagesColumn, suffixColumn, system } = options.definition
  const name = endpointName(target.endpoint)
  if (system !== null) {
    throw new LlmBatchError('usage', `${name} does not support a system message`, {
      next: `Leave ${mention('system')} out.`,
    })
  }
  if (messages !== null || messagesColumn !== null || imageColumns.length > 0) {
    throw new LlmBatchError('usage', `${name} takes a text and does not support messages or images`, {
      next: `Leave ${mention('messagesFile')}, ${mention('messagesColumn')} and ${mention('imageColumn')} out.`,
    })
  }
  if (suffixColumn !== null && form.takes !== 'gap') {
    throw new LlmBatchError('usage', `${name} does not support a suffix`, {
      next: `Leave ${mention('suffixColumn')} out.`,
    })
  }
  const text = textSource(options, name, {
    mayBeEmpty: form.mayBeEmpty,
    isList,
    mostInputs: limits.maxInputsPerRequest,
  })
  return form.takes === 'gap' ? promptAndSuffix(text, suffixColumn) : text
}

function textSource(
  { compile = compileTemplate, definition, promptFunction }: RequestOptions,
  name: string,
  rules: TextRules,
): MessagesOf {
  const { prompt, textColumn } = definition
  if (textColumn !== null) {
    if (prompt === null && promptFunction === undefined) return textOfColumn(textColumn, rules)
    throw new LlmBatchError('usage', 'a text column and a prompt cannot be used together', {
      next: `Leave ${mention('textColumn')} out, and name the column in the prompt.`,
    })
  }
  if (promptFunction) return textByFunction(promptFunction, rules)
  if (prompt !== null) return textByTemplate(prompt, rules, compile)
  throw new LlmBatchError('usage', `${name} takes a text, and the run has none`, {
    next: `Name its column with ${mention('textColumn')}, or compose it with ${mention('prompt', '"… {{column}} …"')}.`,
  })
}
