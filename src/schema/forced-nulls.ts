import { isJsonObject } from '../lib/json.ts'
import type { JsonSchema } from '../model/answer.ts'
import { acceptsNull, listOf, resolved } from './walk.ts'

/**
 * The value without the nulls that only a strict schema has asked for: there every property is required, and one that is
 * optional in the user's schema comes back as null in place of being absent. The same value where there are none.
 */
export function withoutForcedNulls(value: unknown, schema: unknown, root: JsonSchema): unknown {
  const found = resolved(schema, root)
  if (!isJsonObject(found)) return value
  const inBranches = [...listOf(found['allOf']), ...listOf(found['anyOf']), ...listOf(found['oneOf'])].reduce<unknown>(
    (current, branch) => withoutForcedNulls(current, branch, root),
    value,
  )
  if (Array.isArray(inBranches)) return listWithout(inBranches, found['items'], root)
  return isJsonObject(inBranches) ? objectWithout(inBranches, found, root) : inBranches
}

function listWithout(list: readonly unknown[], items: unknown, root: JsonSchema): readonly unknown[] {
  if (!isJsonObject(items)) return list
  const cleaned = list.map((item) => withoutForcedNulls(item, items, root))
  return cleaned.some((item, index) => item !== list[index]) ? cleaned : list
}

function objectWithout(value: JsonSchema, { properties, required }: JsonSchema, root: JsonSchema): JsonSchema {
  if (!isJsonObject(properties)) return value
  const kept: [string, unknown][] = []
  let isChanged = false
  for (const [name, member] of Object.entries(value)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
    const isForced =
      member === null && schema !== undefined && !listOf(required).includes(name) && !acceptsNull(schema, root)
    if (isForced) isChanged = true
    else {
      const cleaned = schema === undefined ? member : withoutForcedNulls(member, schema, root)
      if (cleaned !== member) isChanged = true
      kept.push([name, cleaned])
    }
  }
  return isChanged ? Object.fromEntries(kept) : value
}
