import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { isGiven } from './given.ts'
import { modelTraits } from './models.ts'
import { refuse } from './no-equivalent.ts'

/** Fields that are about tools. */
export const TOOL_FIELDS = ['tools', 'tool_choice', 'parallel_tool_calls'] as const

/** The tools of a request, and how they may be used. @throws NoEquivalent for tools that are not functions */
export function toolMembers(body: JsonObject, model: string): JsonObject {
  const { parallel_tool_calls: parallel, tool_choice: choice, tools } = body
  if (!isGiven(tools)) return {}
  if (!Array.isArray(tools)) refuse('tools that are not a list')
  if (tools.length === 0) return {}
  const chosen = isGiven(choice) ? choiceOf(choice, model) : undefined
  const asked = parallel === false && chosen?.['type'] !== 'none' ? inTurn(chosen) : chosen
  return { tools: tools.map(toolOf), ...(asked === undefined ? {} : { tool_choice: asked }) }
}

/** Tools that the provider runs itself are named with a date, and passed on as they are. */
const OWN_TOOL = /_\d{8}$/

function toolOf(tool: unknown): JsonObject {
  if (!isJsonObject(tool)) refuse('a tool that is not an object')
  const { function: described, type } = tool
  if (typeof type === 'string' && OWN_TOOL.test(type)) return tool
  if (type !== 'function' || !isJsonObject(described)) refuse(`tools of type ${JSON.stringify(type ?? null)}`)
  const { description, name, parameters, strict } = described
  return {
    name,
    ...(isGiven(description) ? { description } : {}),
    input_schema: isGiven(parameters) ? parameters : { type: 'object', properties: {} },
    ...(isGiven(strict) ? { strict } : {}),
  }
}

const CHOICES: Readonly<Record<string, string>> = { auto: 'auto', none: 'none', required: 'any' }

function choiceOf(choice: unknown, model: string): JsonObject {
  const named = isJsonObject(choice) && isJsonObject(choice['function']) ? choice['function']['name'] : undefined
  const type = typeof choice === 'string' ? CHOICES[choice] : undefined
  const asked =
    typeof named === 'string' ? { type: 'tool', name: named } : { type: type ?? refuse('such a tool_choice') }
  const isForced = asked.type === 'tool' || asked.type === 'any'
  if (isForced && !modelTraits(model).canBeForced) refuse('a tool_choice that forces it to call a tool', model)
  return asked
}

function inTurn(choice: JsonObject | undefined): JsonObject {
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
}
