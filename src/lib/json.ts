/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Lists and objects inside of each other at the most; what works on a value calls itself once for each level. */
const MOST_LEVELS = 256

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The value of a JSON text. Throws a SyntaxError for a text that is not JSON, and for one with too many levels. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError(`The JSON has more than ${MOST_LEVELS} levels.`)
  return JSON.parse(text)
}

/** True where brackets outside of strings are open more than `MOST_LEVELS` deep. */
function isTooDeep(text: string): boolean {
  let level = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      at = endOfString(text, at)
    } else if (unit === 0x7b || unit === 0x5b) {
      level += 1
      if (level > MOST_LEVELS) return true
    } else if (unit === 0x7d || unit === 0x5d) {
      level -= 1
    }
  }
  return false
}

/** The place of the quotation mark that ends the string which begins at this one; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1
    if (slashes % 2 === 0) return end
  }
  return text.length
}

/** True for a JSON object: neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value where it is a string, else undefined. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
