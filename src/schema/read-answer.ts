import { isJsonObject } from '../lib/json.ts'
import type { JsonSchema } from '../model/answer.ts'
import type { StructuredAnswer } from '../model/row.ts'
import { withoutForcedNulls } from './forced-nulls.ts'
import { readJson, type Wanted } from './read-json.ts'
import { listOf, resolved } from './walk.ts'

/**
 * Reads the text of an answer as a value of the schema, without judging whether it fits: the same when answers are
 * collected and whenever they are written. Its JSON text is the model's own, so that long numbers keep their digits, unless
 * something was dropped. Undefined where the text holds no JSON.
 */
export function readAnswer(text: string, schema: JsonSchema): StructuredAnswer | undefined {
  const found = readJson(text, wantedBy(schema))
  if (!found) return undefined
  const { json, note } = found
  const value = json.includes('null') ? withoutForcedNulls(found.value, schema, schema) : found.value
  return { value, note, json: value === found.value ? onOneLine(json) : JSON.stringify(value) }
}

function wantedBy(schema: JsonSchema): Wanted {
  const root = resolved(schema, schema)
  if (!isJsonObject(root)) return 'any'
  const types = [root['type'], ...listOf(root['type'])]
  if (types.includes('object') || root['properties'] !== undefined) return 'object'
  return types.includes('array') ? 'array' : 'any'
}

/** Line breaks in JSON text can only stand between values: inside of strings they are escaped. */
function onOneLine(json: string): string {
  return json.replace(/\s*[\r\n]+\s*/g, ' ')
}
