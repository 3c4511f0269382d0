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
