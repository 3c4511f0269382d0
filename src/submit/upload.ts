import { createHash, type Hash } from 'node:crypto'
import { LlmBatchError } from '../model/error.ts'
import { unanswered } from '../model/failure.ts'
import { isNonce } from '../model/ids.ts'
import { MOVED, type Step } from '../model/step.ts'
import { type BatchInput, type Provider, ProviderError, type RemoteFile } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/store.ts'
import type { SubmitPorts } from './ports.ts'

/**
 * Sends the input file of a planned attempt: `planned -> uploaded`. May be repeated; each attempt has an upload of its
 * own, never shared, so that the file's id alone identifies the attempt later.
 */
export async function uploadInput(
  ports: Pick<SubmitPorts, 'clock' | 'store' | 'provider' | 'disk' | 'folder'>,
  attempt: AttemptRecord,
  signal: AbortSignal,
): Promise<Step> {
  const { clock, disk, folder, provider, store } = ports
  const path = folder.input(attempt.inputName)
  const size = await disk.size(path)
  if (size !== attempt.inputBytes) {
    throw changedInput(`${path} has ${size ?? 'no'} bytes in place of ${attempt.inputBytes}`)
  }
  let sent = createHash('sha256')
  const open = (): AsyncIterable<Uint8Array> => {
    sent = createHash('sha256')
    return hashing(disk.stream(path), sent)
  }
  const file = await storeInput(provider, wireInput(provider, attempt, open), signal)
  if (sent.digest('hex') !== attempt.inputSha256) {
    await provider.discard?.(file.id, signal)
    throw changedInput(`${path} is not what was planned: its bytes have changed`)
  }
  await store.moveAttempt(attempt.key, 'planned', 'uploaded', {
    inputFileId: file.id,
    uploadedAt: clock.now(),
    failures: 0,
    nextAt: 0,
    reasonCode: null,
    reason: null,
  })
  return MOVED
}

/** The attempt's frozen lines, which `open` reads, as the provider takes them. */
export function wireInput(provider: Provider, attempt: AttemptRecord, open: BatchInput['open']): BatchInput {
  const { inputBytes: bytes, nonce, requestCount: requests, target } = attempt
  return provider.encodeInput({ name: remoteFileName(nonce), bytes, open, requests, target })
}

/** Hashes what passes through. */
async function* hashing(pieces: AsyncIterable<Uint8Array>, hash: Hash): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) {
    hash.update(piece)
    yield piece
  }
}

function changedInput(message: string): LlmBatchError {
  return new LlmBatchError('disk', message, {
    next: 'Its run cannot be sent as it was planned; restore the file from a backup, or start the run again.',
  })
}

/**
 * One upload of an input file. May be repeated. A file that the provider stored with another size is discarded and
 * reported as a `ProviderError` of kind `shape`, because a batch must never be created from it.
 */
export async function storeInput(provider: Provider, input: BatchInput, signal: AbortSignal): Promise<RemoteFile> {
  if (!provider.upload) throw new Error(`${provider.name} takes no input files`)
  const file = await provider.upload(input, signal)
  if (file.bytes === null || file.bytes === input.bytes) return file
  await provider.discard?.(file.id, signal)
  const message = `${provider.name} stored ${file.bytes} of the ${input.bytes} bytes of ${input.name}`
  throw new ProviderError(unanswered('shape', message, 'size_mismatch'))
}

/** The input file's name at the provider; carries the nonce, and nothing of the user's. */
export function remoteFileName(nonce: string): string {
  return `llm-batch-${nonce}.jsonl`
}

/** The nonce that the name of one of our input files carries; null for every other name. */
export function nonceInFileName(name: string | null): string | null {
  const nonce = /^llm-batch-(.+)\.jsonl$/.exec(name ?? '')?.[1]
  return nonce !== undefined && isNonce(nonce) ? nonce : null
}
