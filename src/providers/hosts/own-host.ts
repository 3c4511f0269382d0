import { LlmBatchError } from '../../model/error.ts'
import type { ProviderEntry } from '../provider-entry.ts'
import { hostEntry } from './entry.ts'
import type { HostProfile } from './profile.ts'
import { HOST_PROFILES } from './profiles.ts'

/** Settings of a host that the user has written into the configuration file. */
export interface OwnHost {
  /** The API root, checked. */
  readonly baseUrl: string
  /** A host of ours whose peculiarities it shares. @default none: OpenAI's API as it is */
  readonly like?: string | undefined
  readonly endpoints?: readonly string[] | undefined
  readonly endpointRoot?: string | undefined
  readonly maxRequests?: number | undefined
  readonly maxBytes?: number | undefined
  readonly windowHours?: number | undefined
  readonly mostWindowHours?: number | undefined
  /** What the batch price is of the standard price. */
  readonly batchFactor?: number | undefined
  readonly purpose?: string | undefined
  readonly upload?: 'form' | 'signed' | undefined
  readonly line?: 'whole' | 'bare' | undefined
  readonly hasMetadata?: boolean | undefined
  readonly pageSize?: number | null | undefined
  readonly maxTokensField?: string | undefined
  readonly hasSchemas?: boolean | undefined
  /** True where the file was found in the working folder, and not named by the user. */
  readonly isFound: boolean
}

/** What is assumed of a host of which only the address is known: OpenAI's API, with cautious limits. */
const PLAIN: Omit<HostProfile, 'name' | 'title' | 'baseUrl' | 'keyVariable' | 'baseUrlVariable' | 'facts'> = {
  endpoints: ['/v1/chat/completions', '/v1/embeddings'],
  limits: { requests: 10_000, bytes: 100_000_000 },
  window: { hours: 24 },
  discount: null,
}

/**
 * The provider that the user's own settings describe. Its key has a variable of its own, so that no file can have the key of
 * another provider sent somewhere. Throws `LlmBatchError` where the host that it is like is not one of ours.
 */
export function ownHostEntry(name: string, own: OwnHost): ProviderEntry {
  // Another host has prices of its own.
  const { prices: _, ...like } = own.like === undefined ? PLAIN : likeness(name, own.like)
  const suffix = name.toUpperCase().replaceAll('-', '_')
  const hours = own.windowHours ?? like.window.hours
  const profile: HostProfile = {
    ...like,
    ...given(own),
    name,
    title: `${name}, a host of yours`,
    baseUrl: own.baseUrl,
    keyVariable: `LLM_BATCH_KEY_${suffix}`,
    baseUrlVariable: `LLM_BATCH_URL_${suffix}`,
    limits: { ...like.limits, ...sizes(own) },
    window: {
      ...like.window,
      hours,
      mostHours: own.mostWindowHours ?? Math.max(hours, like.window.mostHours ?? hours),
    },
    webhooks: {
      events: ['batch.completed', 'batch.failed', 'batch.expired', 'batch.cancelled'],
      registration: 'at the host, where it sends Standard Webhooks',
      ...like.webhooks,
      secretVariable: `LLM_BATCH_WEBHOOK_SECRET_${suffix}`,
    },
    discount: own.batchFactor === undefined ? like.discount : 1 - own.batchFactor,
    facts: { asOf: null, oddities: [], unsure: [], sources: [] },
  }
  return { ...hostEntry(profile, 'nothing yet; a live probe of doctor tries it'), isBaseUrlFound: own.isFound }
}

function likeness(name: string, like: string): HostProfile {
  const found = HOST_PROFILES.find((profile) => profile.name === like)
  if (found) return found
  throw new LlmBatchError('configuration', `hosts.${name}.like is ${JSON.stringify(like)}, which is not a host`, {
    next: `Leave it out, or write one of ${HOST_PROFILES.map((profile) => profile.name).join(', ')}.`,
  })
}

/** The members of a profile that the user has set. */
function given({
  endpointRoot,
  endpoints,
  hasMetadata,
  hasSchemas,
  line,
  maxTokensField,
  pageSize,
  purpose,
  upload,
}: OwnHost): Partial<HostProfile> {
  const members = { endpointRoot, endpoints, hasMetadata, hasSchemas, line, maxTokensField, pageSize, purpose, upload }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function sizes({ maxBytes, maxRequests }: OwnHost): Partial<HostProfile['limits']> {
  return {
    ...(maxRequests === undefined ? {} : { requests: maxRequests, requestsAt: {} }),
    ...(maxBytes === undefined ? {} : { bytes: maxBytes }),
  }
}
