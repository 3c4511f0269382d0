import type { JsonObject } from '../lib/json.ts'
import type { Target } from '../model/target.ts'

/**
 * Facts of a provider and its models besides limits, as data and pure functions. The rooms that plan and price read
 * it and hold the general rules; every fact stands in the provider's own folder, with its source.
 */
export interface ProviderFacts {
  /** One for each model whose price is sure; an unknown price is unknown, never zero. */
  readonly prices: readonly ModelPrice[]
  /** True where every model costs nothing, because the user serves it. */
  readonly isFree: boolean
  /** What the batch price is of the standard price, for a price of the user's own that does not say. */
  readonly batchFactor: number
  /** How many tokens a model can take, its answer included; a model that is not named has a window all the same. */
  readonly contextWindows: Readonly<Record<string, number>>
  /** Models without a price or a window here whose names are near to those of others. */
  readonly furtherModels: readonly string[]
  /** Models that batches are known not to take; every other one may be taken. */
  readonly unbatchedModels: readonly string[]
  /**
   * Input tokens that may wait for a model, by usage tier from 1 to 5; null where no number is published. A model that is
   * not named has none.
   */
  readonly queueTiers: Readonly<Record<string, readonly (number | null)[]>>
  /** Synchronous calls have a shared beginning of so many tokens cached by themselves; null where they do not. */
  readonly leastCachedTokens: number | null
  /** How batches are served from a cache that requests fill by marks; null where that saves nothing that is known. */
  readonly promptCache: PromptCache | null
  /** Why it saves nothing that is known, in words for the user. */
  readonly withoutPromptCache: string
  /** Body fields that limit an answer's tokens, at whatever endpoint. */
  readonly limitFields: readonly string[]
  /** Body fields that say what is asked or by whom, not how; requests that differ in these only are of one set. */
  readonly contentFields: readonly string[]
  /** The field of a chat body for the form of the answer. */
  readonly responseFormatField: string
  /** True for a model known to think before it answers; its thoughts are billed as output. */
  isReasoningModel(model: string): boolean
  /** The fields of a body that its model is known to refuse. */
  refusedFields(model: string, body: JsonObject): readonly string[]
  /** The most tokens of an answer whose request does not say, where the adapter must say a number; null where it need not. */
  defaultMaxTokens(model: string): number | null
  /** The vocabulary that counts a model's tokens; null where there is none, or its package is not installed. */
  vocabulary(model: string): VocabularyFile | null
  /** Input tokens of an image, by the published rule where there is one, otherwise an upper figure. */
  imageTokens(image: ImageUse): number
  /** What a model reads of a body. */
  requestParts(body: JsonObject): RequestParts
  /** True for a frozen line that holds more than text, which would be counted as words. */
  hasMedia(line: Uint8Array): boolean
  /** A body as people read it. */
  shownRequest(body: JsonObject): ShownRequest
  /** How parts of a message are written at an endpoint. */
  messageParts(endpoint: string): MessageParts
  /**
   * Messages of a chat, as JSON, as the members of a body for the endpoint of responses; the first one is the run's system
   * message where `hasSystem` says so.
   */
  responseMembers(messages: string, hasSystem: boolean): string | Unsupported
  /** The body fields that ask for answers of a schema, beside the user's own fields of the body. */
  answerFields(endpoint: string, format: AnswerFormat, parameters: JsonObject): AnswerFields
  /**
   * Why a body, as JSON text, cannot be sent to this target although its endpoint takes bodies of that shape: a part that the
   * provider has no equivalent for, in words for the user. Null where nothing is against it.
   */
  unsupported(target: Target, body: string): string | null
  /** What a body asks of an endpoint that answers with vectors. */
  vectorsAsked(body: JsonObject): VectorsAsked
}

/** A cache of beginnings that requests mark, and that batches are served from. Factors are parts of the input price. */
export interface PromptCache {
  /** The shortest beginning that a model keeps, in tokens. */
  leastTokens(model: string): number
  /** The price of writing what is kept for minutes. */
  readonly writeFactor: number
  /** The price of writing what is kept for an hour, which batches need. */
  readonly hourWriteFactor: number
}

/** Price of a model: US dollars per million tokens at the standard, synchronous price. */
export interface ModelPrice {
  readonly model: string
  readonly inputUsd: number
  /** Input tokens that the provider had cached; null where no such price is known. */
  readonly cachedInputUsd: number | null
  /** Null for models that give no tokens, such as embeddings. */
  readonly outputUsd: number | null
  /** What the batch price is of the standard price. */
  readonly batchFactor: number
  /** Dearer rates for a whole request whose input is longer than this; null where there are none. */
  readonly longContext: LongContext | null
  /** Where the numbers come from. */
  readonly source: string
  /** The day on which that source was current, such as `2026-09-23`; null for the user's own price. */
  readonly asOf: string | null
}

export interface LongContext {
  readonly aboveTokens: number
  readonly inputFactor: number
  readonly outputFactor: number
}

/** A vocabulary of byte pairs as a file: a token in base64 and its rank, line by line. */
export interface VocabularyFile {
  readonly path: string
  /** Cuts a text into the words inside of which pairs are joined. */
  readonly words: RegExp
}

/** The parts of a request body that a model reads. */
export interface RequestParts {
  readonly texts: readonly string[]
  readonly images: readonly ImagePart[]
  /** Tokens besides texts and images: those around messages, and those given as numbers, as embeddings allow. */
  readonly otherTokens: number
  /** True where the provider leaves out the middle of what is too long. */
  readonly isCutToFit: boolean
}

/** An image in a request. */
export interface ImagePart {
  readonly url: string
  /** `low`, `high`, `auto` or nothing. */
  readonly detail: string | null
}

/** Facts about an image in a request. */
export interface ImageUse {
  readonly model: string
  readonly detail: string | null
  /** Null where only a URL is known: then the largest number that the rule allows. */
  readonly size: ImageSize | null
}

/** Width and height of an image in pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** A body's question as people read it. */
export interface ShownRequest {
  /** The turns of a conversation; null for a body without turns. */
  readonly turns: readonly ShownTurn[] | null
  /** What is asked by a body without turns; null where it has no text either. */
  readonly text: string | null
  /** The fields besides turns and model. */
  readonly parameters: JsonObject
}

export interface ShownTurn {
  readonly role: string
  readonly parts: readonly ShownPart[]
}

/** A text, or an image by its URL, which may hold it. */
export type ShownPart = string | { readonly imageUrl: string }

/** Writes parts of a message as JSON text. */
export interface MessageParts {
  text(text: string): string
  /** An image by its URL, which may hold it. */
  image(url: string, detail: string | null): string
}

/** A part of a message that an endpoint has no word for, in words for the user. */
export interface Unsupported {
  readonly unsupported: string
}

/** A schema as the provider takes it. */
export interface AnswerFormat {
  readonly name: string
  readonly schema: JsonObject
  readonly strict: boolean
}

/** Body fields, or the name of the user's own field that says the same. */
export type AnswerFields = { readonly fields: JsonObject } | { readonly saidTwice: string }

/** The vectors that one request is answered with. */
export interface VectorsAsked {
  /** Texts that are answered each for itself; at least one. */
  readonly inputs: number
  /** Numbers of a vector; null for as many as the model usually gives. */
  readonly length: number | null
  /** True for numbers in base64. */
  readonly isPacked: boolean
}
