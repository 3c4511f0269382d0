/** Range of a member's value in the JSON text, from `start` up to and without `end`. */
export interface JsonMember {
  readonly start: number
  readonly end: number
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SPACE = 0x20

/**
 * The members of a JSON object as places in its text, so that values can be passed on as they were written: parsing
 * and writing again changes integers beyond 2^53, `1.0`, and escapes. Of members with the same key the last counts, as
 * for `JSON.parse`. The text must be a valid object, that is, one that was parsed before; for anything else the result
 * means nothing, but the call still returns or throws in linear time.
 */
export function jsonMembers(json: string): ReadonlyMap<string, JsonMember> {
  const members = new Map<string, JsonMember>()
  let at = json.indexOf('{') + 1
  for (;;) {
    const keyStart = json.indexOf('"', at)
    if (keyStart < 0) return members
    const keyEnd = stringEnd(json, keyStart)
    const colon = json.indexOf(':', keyEnd)
    if (colon < 0) throw new SyntaxError('JSON text ends after a key')
    const start = skipSpace(json, colon + 1)
    const end = valueEnd(json, start)
    members.set(stringValue(json, keyStart, keyEnd), { start, end })
    at = end
  }
}

/** The elements of a JSON list as places in its text; for what `jsonMembers` says of members. */
export function jsonElements(json: string): readonly JsonMember[] {
  const elements: JsonMember[] = []
  let at = skipSpace(json, json.indexOf('[') + 1)
  while (at < json.length && json.charCodeAt(at) !== CLOSE_BRACKET) {
    const end = valueEnd(json, at)
    if (end === at) throw new SyntaxError('JSON text holds no value where one is due')
    elements.push({ start: at, end })
    at = skipSpace(json, end)
    if (json.charCodeAt(at) === COMMA) at = skipSpace(json, at + 1)
  }
  return elements
}

/** The value of the JSON string that lies between these places, quotes included. */
export function stringValue(json: string, start: number, end: number): string {
  const inner = json.slice(start + 1, end - 1)
  return inner.includes('\\') ? (JSON.parse(json.slice(start, end)) as string) : inner
}

function valueEnd(json: string, start: number): number {
  const first = json.charCodeAt(start)
  if (first === QUOTE) return stringEnd(json, start)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return nestedEnd(json, start)
  let at = start
  while (at < json.length && !endsLiteral(json.charCodeAt(at))) at += 1
  return at
}

function nestedEnd(json: string, start: number): number {
  let depth = 0
  for (let at = start; at < json.length; at += 1) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(json, at) - 1
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1
    if (depth === 0) return at + 1
  }
  throw new SyntaxError('JSON text ends within a value')
}

/** The place behind the closing quote of the JSON string that starts here. */
export function stringEnd(json: string, start: number): number {
  let at = start + 1
  for (;;) {
    const quote = json.indexOf('"', at)
    if (quote < 0) throw new SyntaxError('JSON text ends within a string')
    let backslashes = 0
    while (json.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return quote + 1
    at = quote + 1
  }
}

function skipSpace(json: string, start: number): number {
  let at = start
  while (json.charCodeAt(at) <= SPACE) at += 1
  return at
}

function endsLiteral(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= SPACE
}
