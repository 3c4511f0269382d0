import { resolve } from 'node:path'
import { type InputOptions, inputPathsOf, isPlainText } from '../input/open.ts'
import { TEXT_COLUMN } from '../input/text-lines.ts'
import type { AnswerDefinition } from '../model/answer.ts'
import { ENDPOINTS_BY_NAME, type EndpointChoice, endpointPath } from '../model/endpoint.ts'
import { LlmBatchError } from '../model/error.ts'
import { DEFAULT_PROVIDER, EXAMPLE_MODELS, LOCAL_PROVIDER } from '../model/named-providers.ts'
import { mention } from '../model/options/mention.ts'
import type { ImageDetail, LocalModel, MessageTemplate, OutputPlan, RunDefinition } from '../model/run.ts'
import { parseModel } from '../model/target.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { factsOf } from '../providers/known.ts'
import { findProvider } from '../providers/registry.ts'
import type { PromptFunction } from '../request/messages/chat-messages.ts'
import type { PromptReview } from '../request/templates/prompt-review.ts'
import type { Workspace } from '../workspace/workspace.ts'
import type { Job } from './job-text.ts'

/** A new run that a person may still turn down. */
export interface Proposal {
  readonly estimate: PlanSummary
  readonly review: PromptReview
}

/** Hashes by which the same work is known: of all rows, and of the ordered requests with their targets. */
export interface WorkHashes {
  readonly rowsHash: string
  readonly requestsHash: string
}

/** Options of a new run that programs and the command give in the same words. */
export interface AskedOptions {
  /** For provider-ready lines without `model`. @default 'openai' */
  readonly provider?: string | undefined
  /** A short name such as `embeddings`, or a path such as `/v1/ocr`. @default chat, or what provider-ready lines name */
  readonly endpoint?: EndpointChoice | undefined
  /** The column that is sent as it is, at endpoints that take a text: in place of a prompt. */
  readonly textColumn?: string | undefined
  /** The column with what follows the gap to be filled (`fim`). */
  readonly suffixColumn?: string | undefined
  readonly system?: string | undefined
  /** Turns before the prompt, or the whole conversation, as templates. */
  readonly messages?: readonly MessageTemplate[] | undefined
  /** The column that holds a conversation, as a list of messages or as the JSON text of one. */
  readonly messagesColumn?: string | undefined
  /** Columns that name images: paths, `https` or `data:` URLs, or lists of them. */
  readonly imageColumns?: readonly string[] | undefined
  readonly imageDetail?: ImageDetail | undefined
  readonly maxTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
  readonly timeoutHours?: number | undefined
  readonly idColumn?: string | undefined
  readonly skipInvalid?: boolean | undefined
  /** Whether identical requests are sent once. @default where the answer is meant to be the same */
  readonly dedupe?: boolean | undefined
  /** Whether one request of each shared beginning is sent first, to fill the provider's cache. @default false */
  readonly primeCache?: boolean | undefined
  /** A run whose answers are carried over to rows that ask the same: an id, a beginning of one, a name, or `last`. */
  readonly since?: string | undefined
  readonly limit?: number | undefined
  readonly sample?: number | undefined
  readonly seed?: number | undefined
  readonly name?: string | undefined
  /** Buys the same work once more. */
  readonly again?: boolean | undefined
  /** Sends although a model ends before its batches do, or is not taken in batches. @default false */
  readonly forceModel?: boolean | undefined
}

/** Options of a new run. */
export interface NewRunOptions extends AskedOptions {
  readonly input: Omit<InputOptions, 'disk'>
  /** The server of models that executes the run, asked by the command itself; `model` is a name of it then. @default none */
  readonly local?: (LocalModel & { readonly url: string }) | undefined
  /** `provider/model`; may be absent for provider-ready lines. */
  readonly model?: string | undefined
  readonly prompt?: string | undefined
  readonly promptFunction?: PromptFunction | undefined
  /** True where a prompt without placeholders is meant, so that nothing is said about it. */
  readonly constantPrompt?: boolean | undefined
  /** What every answer must look like. @default free text */
  readonly answer?: AnswerDefinition | undefined
  /** How often a row is asked again whose answer does not fit. @default 0 */
  readonly maxReasks?: number | undefined
  /** Told again and again how many rows were read. */
  readonly onRead?: ((rows: number) => void) | undefined
  /** Takes up a run that has finished the same work, in place of the error `already_finished`. @default false */
  readonly takesFinished?: boolean | undefined
  /** The most the run may cost, in US dollars. @default what the configuration says */
  readonly maxCostUsd?: number | undefined
  /**
   * Looks at the estimate and the prompt of a new run before the run exists, and throws where these are not agreed to;
   * then nothing remains of it.
   */
  readonly agree?: ((runId: string, draft: Proposal) => Promise<void>) | undefined
  /** The work as it was planned: another one is refused, before anything of it is looked for or sent. @default any */
  readonly plannedAs?: WorkHashes | undefined
  /** Kept with the run, so that it can be repeated. */
  readonly job?: Job | undefined
  readonly output: OutputPlan
}

/** The facts of a definition that are known before the input is read. */
export function definitionOf(
  { configuration }: Pick<Workspace, 'configuration'>,
  options: NewRunOptions,
): Omit<RunDefinition, 'shape'> {
  const { provider, model } = targetOf(options)
  assertReaskable(options)
  assertPrimable(provider, options)
  const baseUrl = options.local?.url ?? configuration.baseUrlOf(findProvider(provider))
  return {
    version: 1,
    provider,
    baseUrl,
    ...(options.local ? { local: localOf(options.local) } : {}),
    model,
    endpoint: options.endpoint === undefined ? null : pathOf(options.endpoint),
    textColumn: options.textColumn ?? null,
    suffixColumn: options.suffixColumn ?? null,
    hasTextLists: false,
    inputPaths: inputPathsOf(options.input.source)?.map((path) => (path === '-' ? path : resolve(path))) ?? null,
    prompt: options.prompt ?? usualPrompt(options),
    system: options.system ?? null,
    messages: options.messages ?? null,
    messagesColumn: options.messagesColumn ?? null,
    imageColumns: options.imageColumns ?? [],
    imageDetail: options.imageDetail ?? null,
    maxTokens: options.maxTokens ?? null,
    temperature: options.temperature ?? null,
    parameters: options.parameters ?? {},
    timeoutHours: options.timeoutHours ?? null,
    idColumn: options.idColumn ?? null,
    skipInvalid: options.skipInvalid ?? false,
    dedupe: options.dedupe ?? null,
    primeCache: options.primeCache ?? false,
    answer: options.answer ?? null,
    maxReasks: options.maxReasks ?? 0,
  }
}

function localOf({ concurrency, hasKey, rowTimeoutMs }: LocalModel): LocalModel {
  return { concurrency, hasKey, rowTimeoutMs }
}

/** A line of plain text is the prompt itself, where nothing says otherwise. */
function usualPrompt(options: NewRunOptions): string | null {
  const { input, messages, messagesColumn, promptFunction, textColumn } = options
  const isAsked = [messages, messagesColumn, promptFunction, textColumn].some((part) => part !== undefined)
  return !isAsked && isPlainText(input.source, input.format) ? `{{${TEXT_COLUMN}}}` : null
}

/** Asking again needs something that answers are checked by. */
function assertReaskable({ answer, maxReasks = 0 }: NewRunOptions): void {
  if (!Number.isSafeInteger(maxReasks) || maxReasks < 0) {
    throw new LlmBatchError('usage', `the number of re-asks must be a whole number, not ${maxReasks}`, {
      next: 'Write a whole number.',
    })
  }
  if (maxReasks === 0 || answer !== undefined) return
  throw new LlmBatchError('usage', 'asking again needs a schema, to know which answers are invalid', {
    next: `Add ${mention('schema', 'FILE')} or ${mention('field')}, or leave ${mention('reask')} out.`,
  })
}

/** Nothing is marked and waited for where that saves nothing that is known. */
function assertPrimable(provider: string, { primeCache }: NewRunOptions): void {
  const { promptCache, withoutPromptCache } = factsOf(provider)
  if (primeCache !== true || promptCache !== null) return
  throw new LlmBatchError(
    'usage',
    `${mention('primeCache')} saves nothing that is known at ${provider}: ${withoutPromptCache}`,
    {
      next: `Leave ${mention('primeCache')} out.`,
    },
  )
}

function pathOf(endpoint: string): string {
  const path = endpointPath(endpoint)
  if (path !== undefined) return path
  throw new LlmBatchError('usage', `there is no endpoint named ${JSON.stringify(endpoint)}`, {
    next: `Name one of ${Object.keys(ENDPOINTS_BY_NAME).join(', ')}, or write its path, such as /v1/ocr.`,
  })
}

function targetOf({ local, model, provider }: NewRunOptions): { provider: string; model: string | null } {
  if (local !== undefined) return { provider: LOCAL_PROVIDER, model: model ?? null }
  if (model === undefined) return { provider: provider ?? DEFAULT_PROVIDER, model: null }
  const parsed = parseModel(model)
  if (!parsed) {
    throw new LlmBatchError('usage', `${mention('model', model)} has no provider before the slash`, {
      next: `Write provider/model, such as ${EXAMPLE_MODELS}.`,
    })
  }
  if (provider !== undefined && provider !== parsed.provider) {
    throw new LlmBatchError('usage', `${mention('provider', provider)} contradicts ${mention('model', model)}`, {
      next: 'Leave one out.',
    })
  }
  return parsed
}
