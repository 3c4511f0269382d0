import { splitLines } from '../lib/jsonl.ts'
import { isTerminal } from '../model/attempt.ts'
import { ordinalOf, wirePrefix } from '../model/ids.ts'
import { ProviderError, type RemoteBatch, type ResultRef } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { IntentRecord } from '../store/port/paid-call.ts'
import { CLOCK_SKEW_MS } from './clock-skew.ts'
import type { SubmitPorts } from './ports.ts'

/** The batches that a create without an answer may have made, as far as they are known. */
export type Candidates =
  /** The answers of one of them carry our ids. */
  | { readonly kind: 'ours'; readonly batch: RemoteBatch }
  /** Only their answers can tell, and they are still at work. */
  | { readonly kind: 'at_work'; readonly batches: readonly RemoteBatch[] }
  /** None; `mute` have ended and hold nothing that tells whose they are. */
  | { readonly kind: 'none'; readonly mute: readonly RemoteBatch[] }

/**
 * Looks among listed batches, which carry no mark of ours, for those that a create may have made: of as many requests, made
 * when it was sent, and known to no run of the home. Likeness never proves that one is ours: the wire ids of its answers do,
 * or disprove it, once it has ended. Nothing is changed at the provider, least of all at a batch that may be another user's.
 */
export async function candidatesFor(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  intent: IntentRecord,
  listed: readonly RemoteBatch[],
  signal: AbortSignal,
): Promise<Candidates> {
  const latest = intent.at + ports.settings.waits.unfencedMs + CLOCK_SKEW_MS
  const like = listed.filter(
    ({ counts, createdAt }) =>
      (counts === null || counts.total === attempt.requestCount) &&
      (createdAt === null || (createdAt.getTime() >= intent.at - CLOCK_SKEW_MS && createdAt.getTime() <= latest)),
  )
  const unknown = new Set(await ports.store.unknownRemotes(like.map(({ id }) => id)))
  const atWork: RemoteBatch[] = []
  const mute: RemoteBatch[] = []
  for (const batch of like.filter(({ id }) => unknown.has(id))) {
    if (!isTerminal(batch.status)) atWork.push(batch)
    else {
      const isOurs = await isOursByIds(ports, attempt, batch, signal)
      if (isOurs === true) return { kind: 'ours', batch }
      if (isOurs === undefined) mute.push(batch)
    }
  }
  return atWork.length > 0 ? { kind: 'at_work', batches: atWork } : { kind: 'none', mute }
}

/** Whether the first answer of an ended batch carries our prefix; undefined where there is none to read. */
async function isOursByIds(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  batch: RemoteBatch,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  for (const result of batch.results) {
    const wireId = await firstWireId(ports, attempt, result, signal)
    if (wireId !== undefined) return ordinalOf(wireId, wirePrefix(attempt.nonce)) !== undefined
  }
  return undefined
}

async function firstWireId(
  { provider }: SubmitPorts,
  { target }: AttemptRecord,
  result: ResultRef,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { maxLineBytes } = provider.limits(target)
  try {
    for await (const lines of splitLines(provider.read(result, signal), { maxLineBytes })) {
      for (const { bytes } of lines) {
        const wireId = provider.decode(Buffer.from(bytes).toString('utf8'), target)?.wireId
        if (wireId !== undefined) return wireId
      }
    }
  } catch (error) {
    // Results that are gone, or not for this key, tell as little as none.
    if (!(error instanceof ProviderError) || !NOT_READABLE.includes(error.failure.kind)) throw error
  }
  return undefined
}

const NOT_READABLE: readonly string[] = ['absent', 'refused', 'forbidden']
