import type { ProviderFacts } from './facts.ts'
import type { Provider, ProviderOptions } from './provider.ts'

/** Variables of the process by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Facts of a provider for people, besides those that its adapter acts on. */
export interface ProviderSheet {
  /** As the provider writes its name. */
  readonly title: string
  /** Part of the standard price that a batch saves; null where no number is known. */
  readonly discount: number | null
  /** The day on which the facts were gathered, such as `2026-11-28`; null for a host of the user's own. */
  readonly asOf: string | null
  /** What the adapter was tested against. */
  readonly tested: string
  /** The page about it in the documents of this package. */
  readonly page: string
  /** Peculiarities that a user meets, each a sentence. @default none */
  readonly oddities?: readonly string[]
  /** What its documents leave open and the adapter guesses, each a sentence. @default none */
  readonly unsure?: readonly string[]
}

/** A signature that a request claims to have. */
export interface ClaimedSignature {
  /** What the sender calls the webhook; the same in each delivery of it. */
  readonly id: string
  /** When it was signed, in seconds of the epoch. */
  readonly signedAt: number
  /** True where this secret made the signature; compares in constant time. */
  readonly isBy: (secret: string) => boolean
}

/** Webhooks that a provider sends when a batch has ended. */
export interface WebhookFacts {
  /** The variable that holds the secrets of its webhooks, such as `OPENAI_WEBHOOK_SECRET`. */
  readonly secretVariable: string
  /** The events to ask for. */
  readonly events: readonly string[]
  /** How a user makes it send them, as the end of a sentence. */
  readonly registration: string
  /** What its documents leave open, a sentence. @default nothing */
  readonly unsure?: string
  /** What its batches' ids begin with where an event may leave it out. @default nothing */
  readonly idPrefix?: string
  /** Reads a signature of another form; null where the request has none. @default Standard Webhooks alone */
  readonly claimed?: (headers: Headers, body: string) => ClaimedSignature | null
}

/** Name, access, factory and facts of a provider. */
export interface ProviderEntry {
  /** As the user writes it before the slash of a model. */
  readonly name: string
  /** As OpenTelemetry's conventions name it. @default `name` */
  readonly conventionName?: string
  /** The variable that holds the key, such as `OPENAI_API_KEY`. */
  readonly keyVariable: string
  /** Another variable that may hold it, as the provider's own SDK reads it; wins where both are set. @default none */
  readonly otherKeyVariable?: string
  /** The variable that holds another API root than the default, such as `OPENAI_BASE_URL`. */
  readonly baseUrlVariable: string
  readonly defaultBaseUrl: string
  /** True where every customer has an address of their own, so that the default one cannot be used. @default false */
  readonly isBaseUrlNeeded?: boolean
  /**
   * Minutes after which a token that a command prints is asked for again; absent where the provider takes a key alone. Only
   * for one whose address tells the account apart: another token must not lead to other batches. @default none
   */
  readonly tokenMinutes?: number
  /** True where that address stands in a configuration file which was found and not named. @default false */
  readonly isBaseUrlFound?: boolean
  /** Variables that choose another part of the same account, and so other batches. @default none */
  readonly scopeVariables?: readonly string[]
  /** The webhooks that it sends. @default none */
  readonly webhooks?: WebhookFacts
  /** What is known of its models besides limits. @default cautious assumptions (`CAUTIOUS_FACTS`), fact by fact */
  readonly facts?: Partial<ProviderFacts>
  /** What people should know of it. @default nothing */
  readonly sheet?: ProviderSheet
  /**
   * The adapter; the environment may scope it further, as the provider's own SDK lets it. A promise lets the code of the
   * adapter be loaded when it is first needed.
   */
  create(options: ProviderOptions, environment: Environment): Provider | Promise<Provider>
}
