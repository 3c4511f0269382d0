import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { digestOf } from '../state/identifier.ts'
import { promptOf } from './prompt.ts'
import type { Wording } from './wording.ts'

/** Categories as the official SDKs of 2026 list them. */
const CATEGORIES: Readonly<Record<Wording, readonly string[]>> = {
  openai: [
    'harassment',
    'harassment/threatening',
    'hate',
    'hate/threatening',
    'illicit',
    'illicit/violent',
    'self-harm',
    'self-harm/instructions',
    'self-harm/intent',
    'sexual',
    'sexual/minors',
    'violence',
    'violence/graphic',
  ],
  mistral: [
    'sexual',
    'hate_and_discrimination',
    'violence_and_threats',
    'dangerous_and_criminal_content',
    'selfharm',
    'health',
    'financial',
    'law',
    'pii',
  ],
}

/** Labels of the one target that a simulated classifier has. */
const LABELS = ['positive', 'neutral', 'negative'] as const

const FLAGGED_SCORE = 0.95

/** The inputs of an embedding, moderation or classification request; a list of numbers is one tokenised input. */
export function inputsOf(request: JsonObject): readonly unknown[] {
  const input = request['input'] ?? request['inputs']
  return Array.isArray(input) && typeof input[0] !== 'number' ? input : [input]
}

/** A verdict for each input, all but the model's name. A category is flagged where its first word occurs in the input. */
export function verdictBody(endpoint: string, request: JsonObject, wording: Wording): JsonObject {
  const inputs = endpoint.startsWith('/v1/chat/') ? conversationsOf(request) : inputsOf(request)
  const id = `modr-${digestOf(JSON.stringify(request)).slice(0, 24)}`
  const verdictOn = endpoint.endsWith('/classifications') ? classified : (text: string) => moderated(text, wording)
  return { id, results: inputs.map((input) => verdictOn(promptOf({ input }))) }
}

/** One conversation or several, as a list of messages or wrapped in an object. */
function conversationsOf(request: JsonObject): readonly unknown[] {
  const input = request['input']
  if (!Array.isArray(input)) return [isJsonObject(input) ? input['messages'] : input]
  if (input.every((entry) => isJsonObject(entry) && entry['messages'] === undefined)) return [input]
  return input.map((entry: unknown) => (isJsonObject(entry) ? entry['messages'] : entry))
}

function moderated(text: string, wording: Wording): JsonObject {
  const words = new Set(text.toLowerCase().split(/[^a-z-]+/))
  const names = CATEGORIES[wording]
  const isFlagged = (name: string): boolean => words.has(name.split(/[/_]/)[0] ?? name)
  const categories = Object.fromEntries(names.map((name) => [name, isFlagged(name)]))
  const scores = Object.fromEntries(names.map((name) => [name, isFlagged(name) ? FLAGGED_SCORE : low(text, name)]))
  if (wording === 'mistral') return { categories, category_scores: scores }
  const types = Object.fromEntries(names.map((name) => [name, ['text']]))
  const flagged = names.some(isFlagged)
  return { flagged, categories, category_scores: scores, category_applied_input_types: types }
}

function classified(text: string): JsonObject {
  const weights = LABELS.map((label) => 1 + Number.parseInt(digestOf(text, label).slice(0, 4), 16))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return {
    simulated: { scores: Object.fromEntries(LABELS.map((label, place) => [label, (weights[place] ?? 0) / sum])) },
  }
}

/** A score from 0 to 0.01. */
function low(text: string, name: string): number {
  return Number.parseInt(digestOf(text, name).slice(0, 4), 16) / 2 ** 16 / 100
}
