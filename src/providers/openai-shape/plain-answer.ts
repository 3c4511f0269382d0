import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import type { Outcome } from '../../model/outcome.ts'
import { usageOf } from './usage.ts'

/** Nearly every model's name; another one is cleaned, elsewhere. */
const PLAIN_NAME = /^[\w.:/@-]{1,200}$/

/**
 * The outcome of a parsed result line of the shape that nearly every line has: status 200, no error anywhere, one choice
 * that stopped by itself with text and nothing else. Undefined for every other line; those are read by schemas, which
 * cost ten times as much, and which say the same of a plain line (result-line.test.ts holds the two together).
 */
export function plainAnswer(endpoint: string, line: unknown): { wireId: string; outcome: Outcome } | undefined {
  if (!endpoint.endsWith('/completions') || !isJsonObject(line) || isGiven(line['error'])) return undefined
  const { custom_id: wireId, response } = line
  if (typeof wireId !== 'string' || wireId === '' || !isJsonObject(response) || response['status_code'] !== 200)
    return undefined
  const { body } = response
  if (!isJsonObject(body) || isGiven(body['error'])) return undefined
  const model = body['model']
  if (typeof model !== 'string' || !PLAIN_NAME.test(model)) return undefined
  const output = plainText(body['choices'])
  if (output === undefined) return undefined
  return { wireId, outcome: succeeded(output, model, body) }
}

/** The text of the only choice, or undefined where there is more to be said of it. */
function plainText(choices: unknown): string | undefined {
  if (!Array.isArray(choices) || choices.length !== 1) return undefined
  const choice: unknown = choices[0]
  if (!isJsonObject(choice) || choice['finish_reason'] !== 'stop' || choice['text'] !== undefined) return undefined
  const { message } = choice
  if (!isJsonObject(message) || isGiven(message['refusal'])) return undefined
  if (isGiven(message['tool_calls']) || isGiven(message['function_call'])) return undefined
  const { content } = message
  return typeof content === 'string' && content.trim() !== '' ? content : undefined
}

function succeeded(output: string, model: string, body: JsonObject): Outcome {
  return {
    status: 'succeeded',
    code: null,
    reason: null,
    billed: 'yes',
    retryable: false,
    accountProblem: false,
    contentProblem: false,
    output,
    isJson: false,
    finishReason: 'stop',
    usage: usageOf(body),
    model,
  }
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined
}
