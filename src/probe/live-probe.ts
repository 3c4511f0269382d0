import { formatDuration, HOUR_MS } from '../lib/duration.ts'
import { isTerminal } from '../model/attempt.ts'
import { commandLine } from '../model/options/mention.ts'
import type { ProbeFinding, ProbeRecord } from '../model/probe.ts'
import { RESULT_ROLES } from '../model/result-ref.ts'
import { NotCreated, ProviderError, type RemoteBatch, Unknown } from '../providers/provider.ts'
import { type OneRow, OneRowBatches, type ProbePorts } from './one-row.ts'

/** Batches of one row that a probe makes at most; what its price is counted from. */
export const PROBE_BATCHES = 3

/** The same where no input can be deleted. */
export const UNFENCED_PROBE_BATCHES = 1

/** Findings of a probe. */
export type ProbeResult = Pick<ProbeRecord, 'findings' | 'listedAfterMs'>

/**
 * Tests, with three batches of one row, what the promise assumes of a provider: how late a new batch is listed, what a
 * cancelled batch leaves, what deleting the input of a new batch does, and that a batch cannot start from a deleted
 * input. Of a provider that deletes no inputs only the first two are tested, with one batch. Cancels and deletes everything
 * it made, as far as that can be deleted. Throws `ProviderError` where the provider cannot be asked.
 */
export async function probeLive(
  ports: ProbePorts,
  settleMs: number,
  tell: (text: string) => void,
): Promise<ProbeResult> {
  const batches = new OneRowBatches(ports)
  try {
    tell('Creating a batch, to see how soon it is listed …')
    const watched = await created(batches, await batches.upload())
    const listedAfterMs = await untilListed(ports, watched, settleMs)
    tell('Cancelling it …')
    await unlessUnclear(() => ports.provider.cancel(watched.id, ports.signal))
    if (ports.provider.discard === undefined) {
      tell('Waiting for the batch to end …')
      const cancel = await judged(() => judgeCancel(batches, watched))
      return { listedAfterMs, findings: { listing: judgeListing(listedAfterMs, settleMs), cancel } }
    }
    tell('Creating a batch and deleting its input at once …')
    const input = await batches.upload()
    const robbed = await created(batches, input)
    const deleted =
      (await unlessUnclear(async () => ports.provider.discard?.(input.inputFileId, ports.signal))) ?? 'refused'
    tell('Creating a batch from an input that was deleted …')
    const deletedInput = await judged(() => judgeDeletedInput(ports, batches))
    tell('Waiting for the batches to end …')
    const cancel = await judged(() => judgeCancel(batches, watched))
    const deletedWhileQueued = await judged(() => judgeRobbed(batches, robbed, deleted))
    const listing = judgeListing(listedAfterMs, settleMs)
    return { listedAfterMs, findings: { deletedInput, listing, cancel, deletedWhileQueued } }
  } finally {
    const left = await batches.cleanUp()
    if (left.length > 0) tell(`Could not clean up ${left.join(', ')}; look with: ${commandLine('remote')}`)
  }
}

/** The answer to a call of which the later looks tell what it did; undefined where it was not the API's own. */
async function unlessUnclear<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ProviderError && error.failure.kind === 'shape') return undefined
    throw error
  }
}

/** What was found, or that an answer told nothing: an error in plain text must not hide what else was learnt. */
export async function judged(judge: () => Promise<ProbeFinding>): Promise<ProbeFinding> {
  try {
    return await judge()
  } catch (error) {
    if (!(error instanceof ProviderError) || error.failure.kind !== 'shape') throw error
    return { verdict: 'unclear', seen: `an answer did not come from the API: ${error.message}` }
  }
}

/** The batches that must come about for anything to be learnt. */
export async function created(batches: OneRowBatches, batch: OneRow): Promise<RemoteBatch> {
  const made = await batches.create(batch)
  if (made instanceof ProviderError) throw made
  return made
}

/** Milliseconds from the answer of the create until a listing shows the batch; null where that takes too long. */
export async function untilListed(ports: ProbePorts, batch: RemoteBatch, settleMs: number): Promise<number | null> {
  const { clock, limitMs, lookMs, provider, signal } = ports
  const startedAt = clock.monotonic()
  const since = new Date((batch.createdAt?.getTime() ?? clock.now()) - HOUR_MS)
  for (;;) {
    const { batches } = await provider.list(since, signal)
    const elapsedMs = clock.monotonic() - startedAt
    if (batches.some(({ id }) => id === batch.id)) return Math.round(elapsedMs)
    if (signal.aborted || elapsedMs > Math.max(limitMs, settleMs)) return null
    await clock.sleep(lookMs, signal)
  }
}

export function judgeListing(listedAfterMs: number | null, settleMs: number): ProbeFinding {
  const wait = formatDuration(settleMs)
  if (listedAfterMs === null)
    return { verdict: 'broken', seen: `a new batch was not listed at all, within ${wait} or longer` }
  const seen = `a new batch was listed after ${formatDuration(listedAfterMs)}; waits.settle is ${wait}`
  return { verdict: listedAfterMs <= settleMs ? 'holds' : 'broken', seen }
}

/** The fence: a create that arrives after its input was deleted must not come to life. */
async function judgeDeletedInput(ports: ProbePorts, batches: OneRowBatches): Promise<ProbeFinding> {
  const { provider, signal } = ports
  const input = await batches.upload()
  const answer = (await provider.discard?.(input.inputFileId, signal)) ?? 'refused'
  if (answer === 'refused') return { verdict: 'broken', seen: 'the provider refuses to delete an input file' }
  if ((await provider.file?.(input.inputFileId, signal)) !== 'absent') {
    return { verdict: 'broken', seen: 'the provider says that an input file was deleted, but it is still there' }
  }
  const made = await batches.create(input)
  if (made instanceof NotCreated) return { verdict: 'holds', seen: `the create was refused: ${made.message}` }
  if (made instanceof Unknown)
    return { verdict: 'unclear', seen: `the create was not answered clearly, and no batch was listed: ${made.message}` }
  const end = await batches.end(made.id)
  if (end.results.some(({ role }) => role === 'output') || !['queued', 'failed'].includes(end.status)) {
    return { verdict: 'broken', seen: `the provider ran a batch whose input was deleted: ${end.rawStatus}` }
  }
  if (end.status === 'failed') return { verdict: 'holds', seen: `the batch failed before it started${reasonOf(end)}` }
  return { verdict: 'unclear', seen: `the batch was still ${end.rawStatus} when the probe ended` }
}

export async function judgeCancel(batches: OneRowBatches, { id }: RemoteBatch): Promise<ProbeFinding> {
  const end = await batches.end(id)
  if (!isTerminal(end.status)) {
    return { verdict: 'unclear', seen: `the cancelled batch was still ${end.rawStatus} when the probe ended` }
  }
  const seen = `it ended as ${end.rawStatus} with ${await leftBy(batches, end)}`
  return end.status === 'cancelled' ? { verdict: 'holds', seen } : { verdict: 'unclear', seen: `too late: ${seen}` }
}

async function judgeRobbed(
  batches: OneRowBatches,
  { id }: RemoteBatch,
  deleted: 'gone' | 'refused',
): Promise<ProbeFinding> {
  const end = await batches.end(id)
  const answer = deleted === 'gone' ? 'its input was deleted' : 'the provider refused to delete its input'
  if (!isTerminal(end.status)) {
    return { verdict: 'unclear', seen: `${answer}; it was still ${end.rawStatus} when the probe ended` }
  }
  const seen = `${answer}; it ended as ${end.rawStatus}${reasonOf(end)} with ${await leftBy(batches, end)}`
  return { verdict: 'holds', seen }
}

/** What a batch has left, in words: which files, and what became of its row. */
async function leftBy(batches: OneRowBatches, batch: RemoteBatch): Promise<string> {
  const files = RESULT_ROLES.filter((role) => batch.results.some((result) => result.role === role))
  if (files.length === 0) return 'no result file'
  const outcomes = (await batches.lines(batch)).map(
    ({ outcome: { billed, code, status } }) => `${status}${code === null ? '' : ` (${code})`}, billed: ${billed}`,
  )
  return `an ${files.join(' and an ')} file (${outcomes.length === 0 ? 'no line' : outcomes.join('; ')})`
}

function reasonOf({ errors: [first] }: RemoteBatch): string {
  return first ? ` (${first.code ?? first.message})` : ''
}
