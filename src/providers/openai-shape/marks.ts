import type { BatchInput, BatchMark, InputRef, RemoteBatch } from '../provider.ts'

/** The metadata that carries a batch's nonce. */
export const NONCE_KEY = 'llm_batch_nonce'

/** True for a batch of the mark's input, which no other batch shares, or with its nonce in the metadata (F124). */
export function isMarked(batch: RemoteBatch, { inputFileId, nonce }: BatchMark): boolean {
  return (inputFileId !== null && batch.inputFileId === inputFileId) || batch.metadata[NONCE_KEY] === nonce
}

/** The id of a stored input. Throws for an input that was not stored: this API takes no other. */
export function storedId(input: InputRef | BatchInput): string {
  if ('id' in input) return input.id
  throw new Error('the input of a batch must be stored before the create')
}
