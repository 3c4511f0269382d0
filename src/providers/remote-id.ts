import { plainLine } from '../lib/plain-text.ts'
import { unanswered } from '../model/failure.ts'
import { ProviderError } from './provider.ts'

const REMOTE_ID = /^[A-Za-z0-9._:-]{1,256}$/

/** True for text that may be an id of a provider's file or batch: nothing in it can leave its place in a URL path. */
export function isRemoteId(text: string): boolean {
  // Dots alone are path steps, which URL parsers resolve even where they are percent-encoded.
  return REMOTE_ID.test(text) && !/^\.+$/.test(text)
}

/**
 * A path below the API root, as a tag for template strings: each value must be a remote id and is percent-encoded.
 * Throws `ProviderError` of kind `refused` for any other value, before anything is sent.
 */
export function path(parts: TemplateStringsArray, ...ids: readonly string[]): string {
  return parts.reduce((whole, part, index) => whole + encodeId(ids[index - 1] ?? '') + part)
}

function encodeId(id: string): string {
  if (isRemoteId(id)) return encodeURIComponent(id)
  const shown = JSON.stringify(plainLine(id, 80))
  throw new ProviderError(unanswered('refused', `${shown} is not an id of this provider; nothing was sent`))
}
