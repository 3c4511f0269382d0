import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { valueFor } from './schema-value.ts'

/** A call of one of the request's tools. */
export interface ToolCall {
  readonly name: string
  /** JSON, as both APIs write it. */
  readonly arguments: string
}

const NO_TOOL: ToolCall = { name: 'simulated', arguments: '{"simulated":true}' }

/** A call of the tool that the request chose, else of its first one, with arguments that satisfy the tool's schema. */
export function toolCallFor(request: JsonObject, prompt: string, digest: string): ToolCall {
  const tools = functionsOf(request)
  const tool = tools.find(({ name }) => name === chosenTool(request)) ?? tools[0]
  if (!tool) return NO_TOOL
  return { name: tool.name, arguments: JSON.stringify(valueFor(tool.parameters, prompt, digest) ?? {}) }
}

/** True where the request leaves the model no choice but to call a tool. */
export function mustCallTool(request: JsonObject): boolean {
  const choice = request['tool_choice']
  const isForced = choice === 'required' || choice === 'any' || chosenTool(request) !== undefined
  return isForced && functionsOf(request).length > 0
}

/** The tools that are functions: chat writes them inside `function`, responses flat. */
function functionsOf(request: JsonObject): readonly { readonly name: string; readonly parameters: unknown }[] {
  const tools = Array.isArray(request['tools']) ? request['tools'] : []
  return tools.flatMap((tool: unknown) => {
    const described = isJsonObject(tool) && isJsonObject(tool['function']) ? tool['function'] : tool
    const name = isJsonObject(described) ? stringOf(described['name']) : undefined
    return isJsonObject(described) && name !== undefined ? [{ name, parameters: described['parameters'] }] : []
  })
}

/** The name of the tool that `tool_choice` asks for. */
function chosenTool(request: JsonObject): string | undefined {
  const choice = request['tool_choice']
  if (!isJsonObject(choice)) return undefined
  return stringOf(isJsonObject(choice['function']) ? choice['function']['name'] : choice['name'])
}
