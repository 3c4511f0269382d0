import { isJsonObject, type JsonObject } from '../../../lib/json.ts'
import type { AnswerFields, AnswerFormat } from '../../facts.ts'

/**
 * The body fields that ask for answers of a schema: `response_format`, or `text.format` at `/v1/responses`, where it joins
 * what else the user says of `text`.
 */
export function answerFields(endpoint: string, format: AnswerFormat, parameters: JsonObject): AnswerFields {
  if (!endpoint.endsWith('/responses')) {
    if (Object.hasOwn(parameters, 'response_format')) return { saidTwice: 'response_format' }
    return { fields: { response_format: { type: 'json_schema', json_schema: format } } }
  }
  const text = isJsonObject(parameters['text']) ? parameters['text'] : {}
  if (Object.hasOwn(text, 'format')) return { saidTwice: 'format' }
  return { fields: { text: { ...text, format: { type: 'json_schema', ...format } } } }
}
