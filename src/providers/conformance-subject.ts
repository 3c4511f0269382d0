import { frozenLine } from '../log/frozen-line.ts'
import type { Target } from '../model/target.ts'
import {
  type BatchInput,
  type FailureKind,
  type InputRef,
  type Provider,
  ProviderError,
  type RemoteBatch,
} from './provider.ts'

/**
 * Fault that the server behind a subject makes instead of an answer.
 *
 * - `lost`: does what is asked, then cuts the connection without an answer.
 * - `server_error`: 500 with the API's own error. `throttled`: 429. `refused`: 400. `unauthorised`: 401.
 * - `page`: 200 with an HTML page. `page_not_found`: 404 with an HTML page, as from a proxy.
 * - `redirect`: 307 to another place.
 */
export type ConformanceFault =
  | 'lost'
  | 'server_error'
  | 'throttled'
  | 'refused'
  | 'unauthorised'
  | 'page'
  | 'page_not_found'
  | 'redirect'

/** An adapter and the server it talks to. Made anew for each case. */
export interface ConformanceSubject {
  readonly provider: Provider
  readonly target: Target
  /** A request body, as JSON text, that the server answers with success. */
  readonly body: string
  /** True where the provider's lines hold a body in another form than that in which it is frozen. @default false */
  readonly isTranslated?: boolean
  /** False where a batch keeps no metadata, so that only its input file is a mark. @default true */
  readonly hasMetadata?: boolean
  /** False where the provider cannot cancel a batch, which a cancel then says. @default true */
  readonly canCancel?: boolean
  /** Brings a batch to its end, with a result for every request. */
  finish(batchId: string): Promise<void>
  /** Treats the next calls so, as many as are given, whatever they ask. */
  failNext(fault: ConformanceFault, calls: number): Promise<void>
  /** How many creates have arrived at the server, answered or not. */
  countCreates(): Promise<number>
}

/** The wire id of the one request that the cases send. */
export const WIRE_ID = 'bconform00000001'

/** A signal that never fires. */
export function never(): AbortSignal {
  return new AbortController().signal
}

/** Stores an input file of one line. */
export async function storeInput({
  body,
  provider,
  target,
}: ConformanceSubject): Promise<{ id: string; bytes: number }> {
  const line = Buffer.from(`${provider.encode({ wireId: WIRE_ID, target, body })}\n`)
  check(provider.store !== undefined, 'the adapter does not store input files')
  const input = { name: 'llm-batch-conformance.jsonl', bytes: line.length, open: () => only(line) }
  const { id } = await provider.store(input, never())
  return { id, bytes: line.length }
}

/** What a create of one request refers to: its stored input, or the input itself where the create carries it. */
async function inputOfOne(subject: ConformanceSubject): Promise<InputRef | BatchInput> {
  const { body, provider, target } = subject
  if (provider.store) return { id: (await storeInput(subject)).id }
  const frozen = Buffer.from(`${frozenLine({ wireId: WIRE_ID, target, body })}\n`)
  const name = 'llm-batch-conformance.jsonl'
  return await provider.encodeInput({ name, bytes: frozen.length, open: () => only(frozen), requests: 1, target })
}

/** Creates a batch of one request. */
export async function createOne(subject: ConformanceSubject): Promise<RemoteBatch> {
  return await subject.provider.create(
    { target: subject.target, metadata: { llm_batch_nonce: 'conformance' }, windowHours: null },
    await inputOfOne(subject),
    never(),
  )
}

/** True for a batch that tells the nonce of the cases, or of which no metadata can be expected. */
export function tellsNonce({ hasMetadata = true }: ConformanceSubject, batch: RemoteBatch | undefined): boolean {
  return !hasMetadata || batch?.metadata['llm_batch_nonce'] === 'conformance'
}

/** What a create throws that meets this fault. */
export async function failedCreate(subject: ConformanceSubject, fault: ConformanceFault): Promise<Error> {
  const input = await inputOfOne(subject)
  await subject.failNext(fault, 1)
  const { provider, target } = subject
  const metadata = { llm_batch_nonce: 'conformance' }
  return await thrownBy(() => provider.create({ target, metadata, windowHours: null }, input, never()))
}

/** Fails unless the call throws a `ProviderError` of this kind. */
export async function throwsKind(kind: FailureKind, call: () => Promise<unknown>): Promise<void> {
  const error = await thrownBy(call)
  check(error instanceof ProviderError, `it threw ${String(error)}`)
  check(error.failure.kind === kind, `it met ${error.failure.kind}: ${error.message}`)
}

/** What the call throws; fails where it throws nothing. */
export async function thrownBy(call: () => Promise<unknown>): Promise<Error> {
  try {
    await call()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
  return fail('it threw nothing')
}

/** These bytes as a stream. */
export async function* only(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** A download as text. */
export async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString('utf8')
}

/** Fails with these words unless it is so. */
export function check(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) fail(otherwise)
}

/** Ends the case: the subject does not conform. */
function fail(message: string): never {
  throw new Error(message)
}
