import type { RemoteStatus } from '../../model/attempt.ts'
import type { ModelPrice } from '../facts.ts'
import type { Recovery } from '../provider.ts'
import type { WebhookFacts } from '../provider-entry.ts'

/**
 * An OpenAI-compatible host as data: everything in which it differs from OpenAI's batch API. One adapter reads it
 * (`adapter.ts`), so that a new host is one record in `profiles.ts` and its row in the tests.
 */
export interface HostProfile {
  /** As the user writes it before the slash of a model. */
  readonly name: string
  /** As OpenTelemetry's conventions name it. @default `name` */
  readonly conventionName?: string
  /** As the host writes it. */
  readonly title: string
  /** The API root with its version path, without a slash at the end. */
  readonly baseUrl: string
  readonly keyVariable: string
  readonly baseUrlVariable: string
  /** As the user writes them, from `/v1` on, whatever the host calls them. */
  readonly endpoints: readonly string[]
  /** What stands for `/v1` in the endpoints of lines and creates. @default '/v1' */
  readonly endpointRoot?: string
  /** How a lost create is found again. @default 'marked', by the input file, which no other batch shares */
  readonly recovery?: Recovery
  /** The header that takes the nonce of an attempt as idempotency key; only of `key`. */
  readonly keyHeader?: string
  /** How long a create with the same key makes no second batch; only of `key`. @default 0 */
  readonly keyKeptMs?: number
  readonly limits: HostLimits
  readonly window: HostWindow
  /** Part of the standard price that a batch saves; null where the facts give no number. */
  readonly discount: number | null
  /** Prices of its models that are sure. @default none */
  readonly prices?: readonly ModelPrice[]
  /** What an upload is for, in the host's word. @default 'batch' */
  readonly purpose?: string
  /** `signed`: the API names an address of a store, which takes the bytes without a key. @default 'form' */
  readonly upload?: 'form' | 'signed'
  /** `bare`: a line holds an id and a body, no method and no URL. @default 'whole' */
  readonly line?: 'whole' | 'bare'
  /** False where a batch keeps no metadata: then none is sent. @default true */
  readonly hasMetadata?: boolean
  /** What the host's own words for the state of a batch mean, in lower case, besides those of OpenAI. @default none */
  readonly statuses?: Readonly<Record<string, RemoteStatus>>
  /** Entries that a page of the list may have; null where the list has no pages and takes no query. @default 100 */
  readonly pageSize?: number | null
  /** Further members of a create. @default none */
  readonly creation?: Readonly<Record<string, unknown>>
  /** Models that fail in batches or wait there for ever. @default none is known */
  readonly unbatchedModels?: readonly string[]
  /** The field of a chat body for the most tokens of an answer. @default 'max_tokens' */
  readonly maxTokensField?: string
  /** True where a chat answer can follow a JSON Schema. @default false */
  readonly hasSchemas?: boolean
  /** The npm package of its own SDK, where tests use that as a client of the local server. @default that of OpenAI */
  readonly sdk?: string
  /** The webhooks that it sends. @default none */
  readonly webhooks?: WebhookFacts
  readonly facts: HostFacts
}

/** Limits of a host; what its documents do not say is a cautious guess, and `HostFacts.unsure` says so. */
export interface HostLimits {
  readonly requests: number
  /** Requests of a batch at endpoints where there are fewer. @default as everywhere */
  readonly requestsAt?: Readonly<Record<string, number>>
  readonly bytes: number
  /** Bytes of one line. @default that of all providers */
  readonly lineBytes?: number
  /** Input tokens that may wait for a model. @default unknown */
  readonly queueTokens?: number
  /** Days until result files vanish. @default 7, a cautious guess */
  readonly retentionDays?: number
}

/** Hours that a batch may take. */
export interface HostWindow {
  readonly hours: number
  /** @default as `hours`: it cannot be chosen */
  readonly mostHours?: number
  /** False where the create takes no window. @default true */
  readonly isSent?: boolean
}

/** Facts of a host for people, and how they are known. */
export interface HostFacts {
  /** The day on which they were gathered, such as `2026-11-28`; null for a host of the user's own. */
  readonly asOf: string | null
  /** Peculiarities that a user meets, each a sentence. */
  readonly oddities: readonly string[]
  /** What the documents leave open and the profile guesses, each a sentence. */
  readonly unsure: readonly string[]
  readonly sources: readonly string[]
}
