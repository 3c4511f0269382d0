import { z } from 'zod'
import type { Api } from '../api.ts'
import { instantOf } from '../instant.ts'
import type { ModelNote } from '../provider.ts'

/** No run waits longer than this for a list of models, and no list is asked twice. */
const ANSWER_WITHIN_MS = 10_000

/** What a list tells that says nothing of a model. */
export const NOTHING_TOLD: ModelNote = { endsAt: null, canBatch: null }

/**
 * An entry of a list of models, as its members. One single attempt with a short limit of time: what a list tells is never
 * worth waiting for. Throws `ProviderError`, also where the answer is not a JSON object.
 */
export async function readModel(
  api: Api,
  path: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  return await api.send(
    { method: 'GET', path, totalTimeoutMs: ANSWER_WITHIN_MS },
    z.record(z.string(), z.unknown()),
    signal,
  )
}

/** What the list at `/models` tells of a model whose end stands in the member `endsIn` of its entry. */
export async function noteInList(
  api: Api,
  { endsIn, model }: { readonly endsIn: string; readonly model: string },
  signal: AbortSignal,
): Promise<ModelNote> {
  const { data } = await api.send({ method: 'GET', path: '/models', totalTimeoutMs: ANSWER_WITHIN_MS }, LIST, signal)
  const entry = data.find((one) => one?.['id'] === model)
  return entry ? { ...NOTHING_TOLD, endsAt: instantOf(entry[endsIn]) } : NOTHING_TOLD
}

/** Entries that are not objects are passed over. */
const LIST = z.object({ data: z.array(z.record(z.string(), z.unknown()).nullable().catch(null)) })
