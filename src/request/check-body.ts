import type { Problem } from '../model/problem.ts'
import type { Row } from '../model/row.ts'
import { factsOf } from '../providers/known.ts'
import { problemOf } from './build-result.ts'
import type { Lane } from './lanes.ts'

/**
 * What makes a body unfit for its target: too many bytes, text that is not Unicode, or something that its provider has no
 * equivalent for.
 */
export function checkBody(row: Row, lane: Lane, body: string): Problem | undefined {
  const excess = excessBytes(lane, body)
  if (excess > 0) return problemOf(row, 'request_too_large', `the request is ${excess} bytes longer than the limit`)
  if (hasLoneSurrogate(body)) {
    return problemOf(row, 'lone_surrogate', 'the text contains half of a surrogate pair, which is not valid Unicode')
  }
  const unsupported = factsOf(lane.target.provider).unsupported(lane.target, body)
  return unsupported === null ? undefined : problemOf(row, 'unsupported_content', unsupported)
}

/** Exact UTF-8 bytes by which the encoded line is too long for a line, or for a file of its own; 0 where it fits. */
function excessBytes(lane: Lane, body: string): number {
  const most = Math.min(lane.limits.maxLineBytes, lane.limits.maxBytes - 1) - lane.overheadBytes
  // A UTF-16 unit takes at most three bytes, so most bodies need not be counted.
  return body.length * 3 <= most ? 0 : Math.max(0, Buffer.byteLength(body) - most)
}

/** Escapes of JSON text that matter for surrogates; `\\` is read too, so that `\\ud800` is not taken for one. */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/g

/**
 * True where JSON text escapes half of a surrogate pair without the other half, as in `"\ud800"`. Such text is valid
 * JSON, but no valid Unicode: providers refuse the whole file for it. A half that is not escaped cannot occur in text
 * that was decoded from bytes, and `JSON.stringify` always escapes it.
 */
export function hasLoneSurrogate(json: string): boolean {
  if (!json.includes('\\ud') && !json.includes('\\uD')) return false
  /** Where the other half of an open pair must stand. */
  let lowAt = -1
  for (const match of json.matchAll(ESCAPE)) {
    if (lowAt >= 0 && match.index !== lowAt) return true
    const code = match[1] === undefined ? 0 : Number.parseInt(match[1], 16)
    const isLow = code >= 0xdc00 && code <= 0xdfff
    if (isLow !== lowAt >= 0) return true
    lowAt = code >= 0xd800 && code <= 0xdbff ? match.index + match[0].length : -1
  }
  return lowAt >= 0
}
