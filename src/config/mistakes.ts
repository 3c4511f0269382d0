import type { ZodError } from 'zod'

/**
 * Each mistake of a file that a schema has checked, as one sentence without a full stop. `whole` names the file where a
 * mistake has no place in it; `unknownKey` tells of a key that the schema does not have, at a place.
 */
export function describeMistakes(
  { issues }: ZodError,
  whole: string,
  unknownKey: (key: string, place: readonly string[]) => string,
): readonly string[] {
  return issues.flatMap((issue) => {
    const place = issue.path.map(String)
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, place))
    return [`${place.join('.') || whole}: ${issue.message}`]
  })
}
