import { z } from 'zod'
import type { Api } from '../api.ts'
import { creationError } from '../failure.ts'
import { type Failure, type FailureKind, ProviderError, type ProviderOptions, type RemoteBatch } from '../provider.ts'
import { path } from '../remote-id.ts'
import { creationRefusal } from './refusal-words.ts'

/** The total time limit of a create, unless configured otherwise. */
const CREATE_TIMEOUT_MS = 60_000

/** Answers to a cancel that the next look at the batch explains better: most often it has ended meanwhile. */
const ENDED_MEANWHILE: readonly FailureKind[] = ['refused', 'absent']

/** A provider's path of batches, and its form of one. */
export interface BatchPlace {
  /** The path of the list, such as `/batches`. */
  readonly root: string
  readonly schema: z.ZodType<RemoteBatch>
}

/** The paid call: one POST of this body, on a connection of its own. Throws `NotCreated` or `Unknown`. */
export async function createBatch(
  api: Api,
  { root, schema }: BatchPlace,
  { body, headers }: { readonly body: unknown; readonly headers?: Readonly<Record<string, string>> },
  options: Pick<ProviderOptions, 'createTimeoutMs'>,
  signal: AbortSignal,
): Promise<RemoteBatch> {
  const request = {
    method: 'POST',
    path: root,
    contentType: 'application/json',
    body: JSON.stringify(body),
    headers: headers ?? {},
    totalTimeoutMs: options.createTimeoutMs ?? CREATE_TIMEOUT_MS,
  } as const
  try {
    return await api.send(request, schema, signal)
  } catch (error) {
    throw creationError(creationRefusal(error))
  }
}

/** A batch; an answer about another one counts as broken. */
export async function getBatch(
  api: Api,
  { root, schema }: BatchPlace,
  id: string,
  signal: AbortSignal,
): Promise<RemoteBatch> {
  const same = schema.refine((batch) => batch.id === id, 'is another batch than the one asked for')
  return await api.read({ path: root + path`/${id}` }, same, signal)
}

/** Asks for a batch to be cancelled. That it has ended already is not an error: only the next look tells. */
export async function cancelBatch(api: Api, { root }: BatchPlace, id: string, signal: AbortSignal): Promise<void> {
  await cancelAt(api, root + path`/${id}/cancel`, signal)
}

/** The same, at a path of the provider's own. */
export async function cancelAt(api: Api, call: string, signal: AbortSignal): Promise<void> {
  try {
    await api.send({ method: 'POST', path: call }, z.unknown(), signal)
  } catch (error) {
    if (!(error instanceof ProviderError) || !hasEnded(error.failure)) throw error
  }
}

/** A conflict, too, says that there is nothing left to cancel. */
function hasEnded({ kind, status }: Failure): boolean {
  return ENDED_MEANWHILE.includes(kind) || status === 409
}
