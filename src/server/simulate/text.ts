import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { valueFor } from './schema-value.ts'
import { wrongValue } from './wrong-value.ts'

/** Choices that are looked for in a prompt. */
const MOST_CHOICES = 1_000

/** First words of every simulated text, so that a reader does not take it for a model's answer. */
const MARK = '[simulated]'

/** The text a model would have answered, the same for the same request. JSON where the request wants JSON. */
export function answerText(body: JsonObject, prompt: string, digest: string): string {
  const format = wantedFormat(body)
  if (format === 'json_object') return JSON.stringify({ simulated: true, digest: digest.slice(0, 12) })
  if (isJsonObject(format)) return JSON.stringify(valueFor(format, prompt, digest))
  const options = optionsIn(prompt)
  if (options) return `${MARK} ${pickOption(options.choices, options.rest, digest)}`
  const nonce = /\bnonce:[A-Za-z0-9-]+/.exec(prompt)?.[0]
  return nonce ? `${MARK} ${digest.slice(0, 12)} ${nonce}` : `${MARK} ${digest.slice(0, 12)}`
}

/** JSON that breaks the schema of the request; some JSON where it has none. */
export function wrongText(body: JsonObject, prompt: string, digest: string): string {
  const format = wantedFormat(body)
  const schema = isJsonObject(format) ? format : {}
  return JSON.stringify(wrongValue(schema, valueFor(schema, prompt, digest), digest))
}

/** The JSON schema an answer must satisfy, or `json_object`, or undefined for free text. */
function wantedFormat(body: JsonObject): JsonObject | 'json_object' | undefined {
  const text = body['text']
  const format = body['response_format'] ?? (isJsonObject(text) ? text['format'] : undefined)
  if (!isJsonObject(format)) return undefined
  if (format['type'] === 'json_object') return 'json_object'
  if (format['type'] !== 'json_schema') return undefined
  const wrapper = isJsonObject(format['json_schema']) ? format['json_schema'] : format
  const schema = wrapper['schema']
  return isJsonObject(schema) ? schema : undefined
}

/** The choices that a prompt lists after `one of`, as in `Answer with one of: billing, support or sales.` */
function optionsIn(prompt: string): { readonly choices: readonly string[]; readonly rest: string } | undefined {
  const match =
    /\bone of(?: these| the following)?(?: words| labels| options| categories)?\s{0,9}:?\s{0,9}([^\n.?!;]+)/i.exec(
      prompt,
    )
  if (!match?.[1]) return undefined
  const choices = match[1]
    .split(/,|\||\/|\bor\b|\band\b/i)
    .map((choice) => choice.trim().replace(/^["'`(]+|["'`)]+$/g, ''))
    .filter((choice) => choice.length > 0 && choice.length <= 60)
    .slice(0, MOST_CHOICES)
  return choices.length > 1 ? { choices, rest: prompt.replace(match[0], '') } : undefined
}

/** A choice that the rest of the prompt mentions, else one that the digest picks. */
function pickOption(choices: readonly string[], rest: string, digest: string): string {
  const text = rest.toLowerCase()
  const mentioned = choices.find((choice) => text.includes(choice.toLowerCase()))
  return mentioned ?? choices[Number.parseInt(digest.slice(0, 8), 16) % choices.length] ?? ''
}
