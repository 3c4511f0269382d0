import { isTerminal } from '../model/attempt.ts'
import { commandLine } from '../model/options/mention.ts'
import type { ProbeFinding } from '../model/probe.ts'
import { ProviderError, type RemoteBatch } from '../providers/provider.ts'
import { created, judgeCancel, judged, judgeListing, type ProbeResult, untilListed } from './live-probe.ts'
import { type OneRow, OneRowBatches, type ProbePorts } from './one-row.ts'

/** Batches of one row that a probe makes at most where creates carry their requests. */
export const INLINE_PROBE_BATCHES = 2

/**
 * Tests, with two batches of one row, what the promise assumes of a provider that stores no input: how late a new batch is
 * listed, what a cancelled batch leaves, and that a batch is recognised by the number of its requests and by its answers. Of
 * a provider that refuses to cancel, one batch is made. Throws `ProviderError` where the provider cannot be asked.
 */
export async function probeInline(
  ports: ProbePorts,
  settleMs: number,
  tell: (text: string) => void,
): Promise<ProbeResult> {
  const batches = new OneRowBatches(ports)
  try {
    tell('Creating a batch, to see how soon it is listed …')
    const first = batches.inline()
    const watched = await created(batches, first)
    const listedAfterMs = await untilListed(ports, watched, settleMs)
    tell('Cancelling it …')
    const refusal = await cancelled(ports, watched)
    const row = refusal === null ? batches.inline() : first
    if (refusal === null) tell('Creating a batch, to see whether its answers tell whose it is …')
    const kept = refusal === null ? await created(batches, row) : watched
    tell('Waiting for the batches to end …')
    const recognition = await judged(() => judgeRecognition(ports, batches, row, kept))
    const cancel = refusal ?? (await judged(() => judgeCancel(batches, watched)))
    return { listedAfterMs, findings: { listing: judgeListing(listedAfterMs, settleMs), cancel, recognition } }
  } finally {
    const left = await batches.cleanUp()
    if (left.length > 0) tell(`Could not clean up ${left.join(', ')}; look with: ${commandLine('remote')}`)
  }
}

/** Null where the provider took the call. */
async function cancelled({ provider, signal }: ProbePorts, { id }: RemoteBatch): Promise<ProbeFinding | null> {
  try {
    await provider.cancel(id, signal)
    return null
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (error.failure.kind === 'shape') return null
    if (error.failure.kind !== 'refused') throw error
    return { verdict: 'unclear', seen: `the provider does not cancel: ${error.message}` }
  }
}

/** A lost create is looked for by its number of requests, and believed once the first answer has the id of its row. */
async function judgeRecognition(
  { provider, signal }: ProbePorts,
  batches: OneRowBatches,
  { wireId }: OneRow,
  { createdAt, id }: RemoteBatch,
): Promise<ProbeFinding> {
  const listing = await provider.list(createdAt ?? new Date(0), signal)
  const total = listing.batches.find((batch) => batch.id === id)?.counts?.total
  if (total !== undefined && total !== 1) {
    return { verdict: 'broken', seen: `the list counts ${total} requests in a batch of one` }
  }
  const end = await batches.end(id)
  if (!isTerminal(end.status)) {
    return { verdict: 'unclear', seen: `the batch was still ${end.rawStatus} when the probe ended` }
  }
  const [line] = await batches.lines(end)
  if (line === undefined) return { verdict: 'unclear', seen: `it ended as ${end.rawStatus} without an answer` }
  const counted = total === undefined ? 'the list does not count its requests' : 'the list counts its one request'
  return line.wireId === wireId
    ? { verdict: 'holds', seen: `${counted}, and its answer has the id that was sent` }
    : { verdict: 'broken', seen: 'its answer has another id than the one that was sent' }
}
