import { isJsonObject, type JsonObject } from '../../../lib/json.ts'
import { isGiven } from './given.ts'
import { refuse } from './no-equivalent.ts'

/** The tools of a chat, and how they may be chosen, as the members of a request; empty where there are none. */
export function toolMembers({ tool_choice: choice, tools }: JsonObject): JsonObject {
  const declared = isGiven(tools) ? { tools: [{ functionDeclarations: declarationsOf(tools) }] } : {}
  return isGiven(choice) ? { ...declared, toolConfig: { functionCallingConfig: callingMode(choice) } } : declared
}

function declarationsOf(tools: unknown): readonly JsonObject[] {
  return Array.isArray(tools) ? tools.map(declarationOf) : refuse('tools that are not a list')
}

function declarationOf(tool: unknown): JsonObject {
  const described = isJsonObject(tool) && tool['type'] === 'function' ? tool['function'] : undefined
  if (!isJsonObject(described)) refuse('tools other than functions')
  const { description, name, parameters, strict } = described
  if (strict === true) refuse('strict tools')
  return {
    name,
    ...(isGiven(description) ? { description } : {}),
    ...(isGiven(parameters) ? { parametersJsonSchema: parameters } : {}),
  }
}

function callingMode(choice: unknown): JsonObject {
  if (choice === 'auto') return { mode: 'AUTO' }
  if (choice === 'none') return { mode: 'NONE' }
  if (choice === 'required' || choice === 'any') return { mode: 'ANY' }
  const chosen = isJsonObject(choice) ? choice['function'] : undefined
  if (!isJsonObject(chosen)) refuse(`the tool choice ${JSON.stringify(choice)}`)
  return { mode: 'ANY', allowedFunctionNames: [chosen['name']] }
}
