import { basename, extname } from 'node:path'
import { isJsonObject } from '../lib/json.ts'
import type { JsonSchema } from '../model/answer.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import { schemaName } from './schema-name.ts'

/**
 * Reads a JSON Schema from the text of a file.
 * @throws LlmBatchError `usage` where the text is not a JSON object
 */
export function readSchema(text: string, path: string): { readonly schema: JsonSchema; readonly name: string } {
  const schema = parse(text, path)
  if (!isJsonObject(schema)) {
    throw new LlmBatchError('usage', `${path} is not a JSON Schema: it is not a JSON object`, {
      next: 'Check the file.',
    })
  }
  return { schema, name: schemaName(schema, basename(path, extname(path)).replace(/\.schema$/, '')) }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new LlmBatchError('usage', `${path} is not JSON: ${messageOf(error)}`, {
      next: 'Check the file.',
      cause: error,
    })
  }
}
