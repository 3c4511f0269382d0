import { createHash, type Hash } from 'node:crypto'
import { LlmBatchError } from '../model/error.ts'
import { unanswered } from '../model/failure.ts'
import { isNonce } from '../model/ids.ts'
import { NO_REASON } from '../model/reason.ts'
import { MOVED, type Step } from '../model/step.ts'
import { type BatchInput, type InputRef, type Provider, ProviderError, type RemoteFile } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { SubmitPorts } from './ports.ts'

type InputPorts = Pick<SubmitPorts, 'disk' | 'folder' | 'provider'>

/**
 * Sends the input file of a planned attempt: `planned -> uploaded`. May be repeated; each attempt has an upload of its
 * own, never shared, so that the file's id alone identifies the attempt later. Where the create carries the input, nothing
 * is sent: the attempt is ready to be created as it is.
 */
export async function uploadInput(
  ports: InputPorts & Pick<SubmitPorts, 'clock' | 'store'>,
  attempt: AttemptRecord,
  signal: AbortSignal,
): Promise<Step> {
  const { clock, store } = ports
  const file = ports.provider.store ? await storeFrozen(ports, attempt, signal) : null
  await store.moveAttempt(attempt.key, 'planned', 'uploaded', {
    inputFileId: file?.id ?? null,
    uploadedAt: clock.now(),
    failures: 0,
    nextAt: 0,
    ...NO_REASON,
  })
  return MOVED
}

async function storeFrozen(ports: InputPorts, attempt: AttemptRecord, signal: AbortSignal): Promise<RemoteFile> {
  const { disk, folder, provider } = ports
  const path = folder.input(attempt.inputName)
  await assertSize(ports, attempt)
  let sent = createHash('sha256')
  const open = (): AsyncIterable<Uint8Array> => {
    sent = createHash('sha256')
    return hashing(disk.stream(path), sent)
  }
  const file = await storeInput(provider, await wireInput(provider, attempt, open), signal)
  if (sent.digest('hex') === attempt.inputSha256) return file
  await provider.discard?.(file.id, signal)
  throw changedInput(`${path} is not what was planned: its bytes have changed`)
}

/**
 * What the create of an attempt refers to: its stored input, or the input itself, which is proved to be what was planned
 * before the intent is written, because a POST that has begun cannot be taken back.
 */
export async function createInput(ports: InputPorts, attempt: AttemptRecord): Promise<InputRef | BatchInput> {
  const { disk, folder, provider } = ports
  if (attempt.inputFileId !== null) return { id: attempt.inputFileId }
  if (provider.store) throw new Error(`attempt ${attempt.key} is to be created and its input was not stored`)
  const path = folder.input(attempt.inputName)
  await assertSize(ports, attempt)
  const hash = createHash('sha256')
  for await (const piece of disk.stream(path)) hash.update(piece)
  if (hash.digest('hex') !== attempt.inputSha256) {
    throw changedInput(`${path} is not what was planned: its bytes have changed`)
  }
  return await wireInput(provider, attempt, () => disk.stream(path))
}

async function assertSize({ disk, folder }: InputPorts, attempt: AttemptRecord): Promise<void> {
  const path = folder.input(attempt.inputName)
  const size = await disk.size(path)
  if (size === attempt.inputBytes) return
  throw changedInput(`${path} has ${size ?? 'no'} bytes instead of ${attempt.inputBytes}`)
}

/** The attempt's frozen lines, which `open` reads, as the provider takes them. */
export async function wireInput(
  provider: Provider,
  attempt: AttemptRecord,
  open: BatchInput['open'],
): Promise<BatchInput> {
  const { inputBytes: bytes, nonce, requestCount: requests, target } = attempt
  return await provider.encodeInput({ name: remoteFileName(nonce), bytes, open, requests, target })
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
    next: 'The run cannot be sent as it was planned; restore the file from a backup, or start the run again.',
  })
}

/**
 * One upload of an input file. May be repeated. A file that the provider stored with another size is discarded and
 * reported as a `ProviderError` of kind `shape`, because a batch must never be created from it.
 */
export async function storeInput(provider: Provider, input: BatchInput, signal: AbortSignal): Promise<RemoteFile> {
  if (!provider.store) throw new Error(`${provider.name} does not store input files`)
  const file = await provider.store(input, signal)
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
