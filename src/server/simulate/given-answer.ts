import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import type { DialectName } from '../state/record.ts'

/** Origin of a request that a function answers. */
export interface AnswerRequest {
  readonly provider: DialectName
  /** Path such as `/v1/chat/completions`. */
  readonly endpoint: string
  readonly model: string
}

/** The text of an answer, a whole body, or undefined for the answer that the server would give by itself. */
export type GivenAnswer = string | JsonObject | undefined

/** Answers the body of a request, a row of a batch or a direct call. What it throws is answered with status 500. */
export type AnswerFunction = (body: JsonObject, request: AnswerRequest) => GivenAnswer | Promise<GivenAnswer>

/** The reason why a function gave no answer. */
export class NoAnswer extends Error {}

/** Asks the function. Throws NoAnswer where it throws, and where it gives what is neither text nor a JSON object. */
export async function askFunction(
  answer: AnswerFunction,
  body: JsonObject,
  request: AnswerRequest,
): Promise<GivenAnswer> {
  let given: unknown
  try {
    given = await answer(body, request)
    if (given === undefined || typeof given === 'string') return given
    // What JSON cannot hold must fail here, not when the result line is written.
    given = JSON.parse(JSON.stringify(given))
  } catch (error) {
    throw new NoAnswer(`The function that answers failed: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (isJsonObject(given)) return given
  throw new NoAnswer('The function that answers gave neither a text nor an object.')
}

/** Tokens that a whole body says it used; undefined where it says nothing. */
export function usageIn(body: JsonObject): { readonly inputTokens: number; readonly outputTokens: number } | undefined {
  const usage = body['usage']
  if (typeof usage !== 'object' || usage === null) return undefined
  const count = (...names: readonly string[]): number => {
    const found = Object.entries(usage).find(([name, value]) => names.includes(name) && typeof value === 'number')
    return Number(found?.[1] ?? 0)
  }
  return {
    inputTokens: count('prompt_tokens', 'input_tokens'),
    outputTokens: count('completion_tokens', 'output_tokens'),
  }
}
