import { isUtf8 } from 'node:buffer'
import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts'
import type { Line } from '../../lib/jsonl.ts'

/** Bytes of a byte order mark, which a line must not begin with. */
const BYTE_ORDER_MARK_BYTES = 3

/** The object on a line of an input file; undefined where it is none. */
export function parseRequestLine(line: Line): JsonObject | undefined {
  if (line.number === 1 && line.offset === BYTE_ORDER_MARK_BYTES) return undefined
  const bytes = Buffer.from(line.bytes.buffer, line.bytes.byteOffset, line.bytes.byteLength)
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString()
  try {
    const value: unknown = parseJson(text)
    return isJsonObject(value) && !hasLoneSurrogate(text) ? value : undefined
  } catch {
    // Not JSON, or too deep: validation reports the line.
    return undefined
  }
}

/** True where an escape such as `\ud800` stands alone; the providers' parsers refuse what JavaScript accepts. */
function hasLoneSurrogate(text: string): boolean {
  if (!/\\ud[89a-f]/i.test(text)) return false
  let isFound = false
  JSON.parse(text, (_, value: unknown) => {
    if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) isFound = true
    return value
  })
  return isFound
}
