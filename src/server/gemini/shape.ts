import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import type { Shape } from '../dialect.ts'
import { type ApiError, usualError } from '../simulate/provider-error.ts'
import { generatedAnswer } from './generated-answer.ts'

/** Gemini's requests and answers, told from and to chat and embeddings of the simulated model. */
export const GEMINI_SHAPE: Shape = {
  line: ({ key, request }) => ({ custom_id: key, body: request }),
  request: (body) => (body['content'] === undefined ? chatOf(body) : embeddingOf(body)),
  answer: (answer, { body, model }) =>
    body['content'] === undefined ? generatedAnswer(answer, model) : vector(answer),
}

type Read = ReturnType<Shape['request']>

/** Members of a request that the API knows (API reference on generateContent); another one is refused. */
const MEMBERS: readonly string[] = [
  'contents',
  'systemInstruction',
  'generationConfig',
  'tools',
  'toolConfig',
  'safetySettings',
  'cachedContent',
  'model',
]

function chatOf(body: JsonObject): Read {
  const unknown = Object.keys(body).find((member) => !MEMBERS.includes(member))
  if (unknown !== undefined)
    return refused(`Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`)
  const { contents, systemInstruction } = body
  if (!Array.isArray(contents) || contents.length === 0)
    return refused('* GenerateContentRequest.contents: contents is not specified')
  const turns = contents.map(turnOf)
  const wrong = turns.find((turn) => typeof turn === 'string')
  if (wrong !== undefined) return refused(wrong)
  const system = isJsonObject(systemInstruction)
    ? [{ role: 'system', content: textOf(systemInstruction['parts']) }]
    : []
  return { chat: { messages: [...system, ...turns], ...configOf(body['generationConfig']), ...toolsOf(body) } }
}

/** A turn as a message, or why it is refused. */
function turnOf(content: unknown): JsonObject | string {
  const { parts, role } = isJsonObject(content) ? content : {}
  if (role !== 'user' && role !== 'model') return 'Please use a valid role: user, model.'
  if (!Array.isArray(parts) || parts.length === 0)
    return '* GenerateContentRequest.contents: contents.parts must not be empty.'
  return { role: role === 'user' ? 'user' : 'assistant', content: textOf(parts) }
}

/** Everything in parts that a model reads as text: files count by what they are, tools by what they say. */
function textOf(parts: unknown): string {
  const texts = (Array.isArray(parts) ? parts : []).filter(isJsonObject).map((part) => {
    const { fileData, functionCall, functionResponse, inlineData, text } = part
    if (typeof text === 'string') return text
    if (isJsonObject(inlineData)) return `[${stringOf(inlineData['mimeType']) ?? 'data'}]`
    if (isJsonObject(fileData)) return `[${stringOf(fileData['fileUri']) ?? 'file'}]`
    return JSON.stringify(functionCall ?? functionResponse ?? {})
  })
  return texts.join('\n')
}

/** The configuration of an answer in the words that the simulated model knows. */
function configOf(config: unknown): JsonObject {
  if (!isJsonObject(config)) return {}
  const { candidateCount, maxOutputTokens, responseJsonSchema, responseMimeType, responseSchema } = config
  const schema = responseJsonSchema ?? responseSchema
  const isJson = responseMimeType === 'application/json'
  return {
    ...(maxOutputTokens === undefined ? {} : { max_completion_tokens: maxOutputTokens }),
    ...(candidateCount === undefined ? {} : { n: candidateCount }),
    ...(isJson && schema === undefined ? { response_format: { type: 'json_object' } } : {}),
    ...(isJson && schema !== undefined
      ? { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }
      : {}),
  }
}

function toolsOf({ toolConfig, tools }: JsonObject): JsonObject {
  const declared = (Array.isArray(tools) ? tools : [])
    .filter(isJsonObject)
    .flatMap(({ functionDeclarations }) => (Array.isArray(functionDeclarations) ? functionDeclarations : []))
    .filter(isJsonObject)
  if (declared.length === 0) return {}
  const functions = declared.map(({ description, name, parameters, parametersJsonSchema }) => ({
    type: 'function',
    function: { name, description, parameters: parametersJsonSchema ?? parameters },
  }))
  const calling = isJsonObject(toolConfig) ? toolConfig['functionCallingConfig'] : undefined
  const { allowedFunctionNames, mode } = isJsonObject(calling) ? calling : {}
  if (mode !== 'ANY') return { tools: functions, ...(mode === 'NONE' ? { tool_choice: 'none' } : {}) }
  const [name] = Array.isArray(allowedFunctionNames) ? allowedFunctionNames : []
  return { tools: functions, tool_choice: name === undefined ? 'required' : { type: 'function', function: { name } } }
}

function embeddingOf({ content, outputDimensionality }: JsonObject): Read {
  const text = isJsonObject(content) ? textOf(content['parts']) : ''
  if (text === '') return refused('* EmbedContentRequest.content: contents is not specified')
  return { chat: { input: text, ...(outputDimensionality === undefined ? {} : { dimensions: outputDimensionality }) } }
}

function vector({ data, usage }: JsonObject): JsonObject {
  const [first] = Array.isArray(data) ? data.filter(isJsonObject) : []
  const tokens = isJsonObject(usage) ? { tokenCount: String(usage['prompt_tokens']) } : {}
  return { embedding: { values: first?.['embedding'] }, ...tokens }
}

function refused(message: string): { readonly refused: ApiError } {
  return { refused: { ...usualError(400), message } }
}
