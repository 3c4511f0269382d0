/** Columns of a record with their values as text, in its order; null where it is not an object of JSON. */
export function recordOf(json: string): readonly (readonly [name: string, value: string])[] | null {
  try {
    const record: unknown = JSON.parse(json)
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return null
    return Object.entries(record).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ])
  } catch {
    return null
  }
}
