/** The beginning of a request that others share and that a provider is to keep in its cache. */
export interface CachePrefix {
  /** Messages that belong to it as a whole. */
  readonly messages: number
  /** Characters (UTF-16) of the text of the next message that belong to it; 0 for none. */
  readonly characters: number
}

/** The member of a frozen body that names its shared beginning; the adapter makes marks of it when the request is sent. */
export const CACHE_PREFIX_FIELD = 'cache_prefix'

/** As `withCachePrefix` writes it, and nothing else does. */
const WRITTEN = /^\{"cache_prefix":\{"messages":\d+,"characters":\d+\},/

/** A body that names its shared beginning, in front of its other members, which stay as they were written. */
export function withCachePrefix(body: string, { characters, messages }: CachePrefix): string {
  return `{"${CACHE_PREFIX_FIELD}":{"messages":${messages},"characters":${characters}},${body.slice(1)}`
}

/** The body as it was before: what is asked is the same with and without the name, and so is its identity. */
export function withoutCachePrefix(body: string): string {
  return body.replace(WRITTEN, '{')
}
