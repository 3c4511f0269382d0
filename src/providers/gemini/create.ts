import { unanswered } from '../../model/failure.ts'
import type { Api } from '../api.ts'
import { storedId } from '../openai-shape/marks.ts'
import { createBatch } from '../openai-shape/remote-batch.ts'
import {
  type BatchInput,
  type InputRef,
  type NewBatch,
  NotCreated,
  type ProviderOptions,
  type RemoteBatch,
} from '../provider.ts'
import { isRemoteId, path } from '../remote-id.ts'
import { secretsOf } from '../secrets.ts'
import { geminiBatchSchema } from './batch.ts'
import { displayNameOf } from './display-name.ts'
import { methodsOf } from './endpoints.ts'

/** A model that does not exist, or makes no batches, is absent as a file is that was stored moments ago; it stays so. */
const ABOUT_THE_MODEL = /is not (?:found for API version|supported for)/i

/** The paid call: one POST to the model, with the stored file and our name. Throws `NotCreated` or `Unknown`. */
export async function createGeminiBatch(
  api: Api,
  { metadata, target }: NewBatch,
  input: InputRef | BatchInput,
  options: Pick<ProviderOptions, 'apiKey' | 'createTimeoutMs'>,
  signal: AbortSignal,
): Promise<RemoteBatch> {
  const { endpoint, model } = target
  if (!isRemoteId(model)) {
    throw new NotCreated(unanswered('refused', `${JSON.stringify(model)} is not the name of a model of gemini`))
  }
  const root = path`/models/${model}:${methodsOf(endpoint).batch}`
  // A batch with a name of another is not ours; without a name, the answer to our own call can only be believed.
  const place = { root, schema: geminiBatchSchema(secretsOf(options), metadata) }
  const batch = { displayName: displayNameOf(metadata), inputConfig: { fileName: `files/${storedId(input)}` } }
  try {
    return await createBatch(api, place, { body: { batch } }, options, signal)
  } catch (error) {
    const isModelAbsent =
      error instanceof NotCreated && error.failure.kind === 'absent' && ABOUT_THE_MODEL.test(error.failure.message)
    throw isModelAbsent ? new NotCreated({ ...error.failure, kind: 'refused' }, error) : error
  }
}
