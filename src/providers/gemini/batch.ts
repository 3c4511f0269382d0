import { z } from 'zod'
import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import type { RemoteStatus } from '../../model/attempt.ts'
import { cleanOrNull, cleanText, findProblem } from '../error-text.ts'
import { instantOf } from '../instant.ts'
import { countsOf } from '../openai-shape/batch-fields.ts'
import type { RemoteBatch, RemoteProblem } from '../provider.ts'
import { markersIn } from './display-name.ts'
import { idIn, resourceSchema } from './resource-name.ts'

/** Gemini's words for the state of a batch, without what they begin with; both spellings of its documents are read. */
const STATUSES: ReadonlyMap<string, RemoteStatus> = new Map([
  ['PENDING', 'queued'],
  ['QUEUED', 'queued'],
  ['RUNNING', 'in_progress'],
  ['CANCELLING', 'cancelling'],
  ['SUCCEEDED', 'completed'],
  ['FAILED', 'failed'],
  ['CANCELLED', 'cancelled'],
  ['EXPIRED', 'expired'],
])

/** Our word for theirs; undefined for a word that is not known. */
function geminiStatus(word: string): RemoteStatus | undefined {
  return STATUSES.get(word.toUpperCase().replace(/^(?:BATCH|JOB)_STATE_/, ''))
}

const operationSchema = z.looseObject({
  name: resourceSchema('batches'),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
  response: z.record(z.string(), z.unknown()).nullish().catch(null),
  error: z.unknown().optional(),
  done: z.boolean().nullish().catch(null),
})

type Operation = z.infer<typeof operationSchema>

/**
 * A batch, which is a long-running operation: what it is stands in its metadata, or beside it in some samples. It tells
 * neither its input nor when it will end. `unnamed` are the markers of a batch that is shown without a name.
 */
export function geminiBatchSchema(
  secrets: readonly string[],
  unnamed: RemoteBatch['metadata'] = {},
): z.ZodType<RemoteBatch> {
  return operationSchema.transform((operation): RemoteBatch => {
    const facts: JsonObject = { ...operation, ...operation.metadata }
    const word = stringOf(facts['state']) ?? ''
    const known = geminiStatus(word)
    const status = known ?? endOf(operation) ?? 'in_progress'
    return {
      id: operation.name,
      status,
      rawStatus: cleanText(word, secrets),
      isStatusUnknown: known === undefined,
      endpoint: null,
      model: stringOf(facts['model'])?.replace(/^models\//, '') ?? null,
      inputFileId: inputIn(facts),
      metadata: markersOf(facts, unnamed),
      counts: countsIn(facts['batchStats']),
      results: resultsIn(operation, facts),
      errors: status === 'failed' ? problemsOf(operation.error, secrets) : [],
      createdAt: instantOf(facts['createTime']),
      expiresAt: null,
    }
  })
}

function markersOf({ displayName }: JsonObject, unnamed: RemoteBatch['metadata']): RemoteBatch['metadata'] {
  const name = stringOf(displayName) ?? ''
  return name === '' ? unnamed : markersIn(name)
}

/** The end of an operation that says nothing of its state; undefined while it goes on. */
function endOf({ done, error, response }: Operation): RemoteStatus | undefined {
  if (done !== true) return undefined
  return isJsonObject(response) && error === undefined ? 'completed' : 'failed'
}

/** The description of the API has the input among its fields; no captured answer has it. */
function inputIn({ inputConfig }: JsonObject): string | null {
  return isJsonObject(inputConfig) ? idIn('files', inputConfig['fileName']) : null
}

/** Numbers are texts here, and what is zero may be left out. */
function countsIn(stats: unknown): RemoteBatch['counts'] {
  if (!isJsonObject(stats)) return null
  const count = (name: string): number => Number(stats[name] ?? 0)
  return countsOf(count('requestCount'), count('successfulRequestCount'), count('failedRequestCount'))
}

/** One file holds answers and errors. */
function resultsIn({ response }: Operation, { output, responsesFile }: JsonObject): RemoteBatch['results'] {
  const places = [output, response, isJsonObject(response) ? response['output'] : undefined, { responsesFile }]
  const ids = places.map((place) => (isJsonObject(place) ? idIn('files', place['responsesFile']) : null))
  const id = ids.find((found) => found !== null)
  return id === undefined || id === null ? [] : [{ id, role: 'output' }]
}

function problemsOf(error: unknown, secrets: readonly string[]): readonly RemoteProblem[] {
  const problem = findProblem(error)
  if (problem === undefined) return []
  const code = cleanOrNull(problem.code, secrets)
  return [{ code, message: cleanText(problem.message, secrets), line: null, queueFull: null }]
}
