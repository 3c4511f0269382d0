/** A JSON object or list. */
export type JsonAnswer = Readonly<Record<string, unknown>> | readonly unknown[]

/**
 * The answer as JSON, where it is an object or a list; undefined for text. Every run may have such answers: a prompt can
 * ask for JSON, and some endpoints answer with nothing else.
 */
export function jsonAnswerOf(output: string | null): JsonAnswer | undefined {
  if (output === null || !/^\s*[{[]/.test(output)) return undefined
  try {
    return JSON.parse(output) as JsonAnswer
  } catch {
    // Text that only begins like JSON.
    return undefined
  }
}

/** Lists of numbers longer than this are named by their length. */
const LONGEST_LIST = 8

/** What lies deeper is not shown; a hostile answer may nest deeper than functions can follow. */
const DEEPEST = 20

/** JSON for people: one line, with long lists of numbers, such as vectors, cut to their beginning and their length. */
export function shownJson(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
  if (depth > DEEPEST) return '…'
  if (!Array.isArray(value)) {
    const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${shownJson(item, depth + 1)}`)
    return `{${members.join(', ')}}`
  }
  const isVector = value.length > LONGEST_LIST && value.every((item) => typeof item === 'number')
  if (isVector) return `[${value.slice(0, 3).map(shownNumber).join(', ')}, … ${value.length} numbers]`
  return `[${value.map((item) => shownJson(item, depth + 1)).join(', ')}]`
}

function shownNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/**
 * The value at a path such as `['address', 'city']`; keys of lists are their places. Undefined where there is none. Only
 * what the JSON itself holds is found, never what JavaScript knows of every object.
 */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

/** The value as JSON text; `…` where it nests so deep that it can be read but not written. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof RangeError) return '…'
    throw error
  }
}
