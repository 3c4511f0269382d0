import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { SAMPLING } from './sampling.ts'

/** The version that takes no sampling parameters, at no model (page on the migration of the SDK, 2026-10-21). */
export const STRICT_VERSION = '2026-10-21'

/** The field by which a kept request remembers that its batch was created with this version. */
const MARK = 'created-with-anthropic-version'

/** The params as a batch keeps them: the version is that of its create, whenever they are executed. */
export function keptParams(version: string | undefined, params: JsonObject): JsonObject {
  return version === STRICT_VERSION ? { ...params, [MARK]: version } : params
}

/** Why the version of the create refuses kept params, or undefined. */
export function keptFlaw(params: JsonObject): string | undefined {
  return params[MARK] === STRICT_VERSION ? strictFlaw(params) : undefined
}

/** Why this version refuses the params, or undefined. */
export function strictFlaw(params: JsonObject): string | undefined {
  const field = SAMPLING.find((name) => params[name] !== undefined)
  if (field !== undefined) return `${field}: Extra inputs are not permitted`
  const turns = Array.isArray(params['messages']) ? params['messages'].filter(isJsonObject) : []
  for (const { content, role } of turns) {
    const blocks = Array.isArray(content) ? content.filter(isJsonObject) : []
    if (role === 'assistant' && blocks.some(({ type }) => type === 'document')) {
      return 'messages: document blocks are not permitted in assistant messages'
    }
    if (role === 'user' && blocks.some(({ citations, type }) => type === 'text' && citations !== undefined)) {
      return 'messages: citations are not permitted on text of the user'
    }
  }
  return undefined
}
