import type { BatchPlan } from '../log/batch-plan.ts'
import { Outcomes } from '../log/outcomes.ts'
import { isTerminal } from '../model/attempt.ts'
import { because, NO_REASON } from '../model/reason.ts'
import { RESULT_ROLES, resultIds, resultRefs, resultStem } from '../model/result-ref.ts'
import type { Round } from '../model/round.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import { isTooMany, type UniformFailure } from '../model/stop-loss.ts'
import { ProviderError, type RemoteBatch } from '../providers/provider.ts'
import { type AttemptRecord } from '../store/port/attempt.ts'
import { judgeRefusal, refusedResult } from './batch-refusal.ts'
import { damaged, downloadFile, type KeptResult, OVERSIZED, sizeDoubt } from './download.ts'
import { type CollectPorts } from './ports.ts'
import { type Findings, Settling } from './settle.ts'
import { planOf, settlementOf } from './settlement.ts'

/** Fetches whose size must fit where rows would be sent again; later a line for every request is enough. */
const SIZE_CHECKS = 4

/**
 * Harvests an ended batch, whatever its status: every result it names is fetched, verified, kept, and read, and every
 * request of it gets a result; `ended -> collected`. May be repeated from any point.
 */
export async function collectBatch(ports: CollectPorts, attempt: AttemptRecord, round: Round): Promise<Step> {
  const remote = withKnownResults(await ports.provider.get(attempt.remoteId ?? '', round.signal), attempt)
  if (!isTerminal(remote.status)) return await reopenWatch(ports, attempt)
  const plan = await planOf(ports, attempt.batchKey)
  const hasResults = remote.results.length > 0
  if (!hasResults && remote.status === 'failed') return await refuse(ports, attempt, remote, plan, round)
  if (!hasResults && remote.status === 'completed' && round.cancelledBy() === null) {
    return await holdWithoutResults(ports, attempt)
  }
  return await harvest(ports, attempt, remote, plan, round)
}

/** A result that was named once is still there where a later look does not name it (F66). */
function withKnownResults(remote: RemoteBatch, attempt: AttemptRecord): RemoteBatch {
  const known = resultRefs(attempt).filter(({ role }) => !remote.results.some((result) => result.role === role))
  return { ...remote, results: [...remote.results, ...known] }
}

/** The provider took back its terminal word: watch on (seen with servers that set it early). */
async function reopenWatch(ports: CollectPorts, attempt: AttemptRecord): Promise<Step> {
  await ports.store.moveAttempt(attempt.key, 'ended', 'submitted', {
    endedAt: null,
    nextAt: ports.clock.now() + ports.settings.waits.pollMs,
  })
  return MOVED
}

async function harvest(
  ports: CollectPorts,
  attempt: AttemptRecord,
  remote: RemoteBatch,
  plan: BatchPlan,
  round: Round,
): Promise<Step> {
  const { provider, store } = ports
  const settling = new Settling(ports, attempt, stemFor(ports, attempt), plan, round)
  const files: KeptResult[] = []
  for (const place of placesOf(ports, attempt, remote)) {
    try {
      const options = { ...place, limits: ports.resultLimitsOf(attempt), isProvedByRows: true }
      files.push({ ...place, told: await downloadFile(ports, options, round.signal) })
    } catch (error) {
      if (isOversized(error) && attempt.failures >= SIZE_CHECKS) return await holdOversized(ports, attempt, error)
      throw error
    }
    try {
      const isTakenAsItIs = attempt.failures >= SIZE_CHECKS - 1
      await ports.reading(() => settling.readFile(place.result.role, isTakenAsItIs))
    } catch (error) {
      await ports.disk.remove(place.path)
      throw error
    }
  }
  await assertWhole(ports, attempt, { settling, files, remote }, round.signal)
  if (settling.missing > 0 && remote.status === 'completed' && attempt.reasonCode !== 'fetched_again') {
    return await fetchAgain(ports, attempt, settling.missing)
  }
  if (!isTerminal(remote.status)) return WAITED
  const found = await settling.finish(remote.status, provider.limits(attempt.target).absentRowIsUnbilled)
  await reportOddities(ports, attempt, found)
  if (found.cancelledBy === null) await stopLoss(ports, attempt, found.mostFrequentRefusal)
  const changes = {
    remoteStatus: remote.status,
    rawStatus: remote.rawStatus,
    ...resultIds(remote.results),
    failures: 0,
    ...NO_REASON,
  }
  const { bill, settlement } = await settlementOf(
    ports,
    attempt,
    { plan, stem: stemFor(ports, attempt), ...found },
    'collected',
  )
  await store.settleAttempt(attempt.key, 'collected', changes, settlement, bill)
  if (found.hasAccountProblem !== null) {
    return { did: 'must_hold_run', reason: { kind: 'account_problem', words: found.hasAccountProblem } }
  }
  return MOVED
}

/** What holds answers is read first: a success counts before an error of the same request. */
function placesOf(
  ports: CollectPorts,
  attempt: AttemptRecord,
  remote: RemoteBatch,
): readonly Omit<KeptResult, 'told'>[] {
  return RESULT_ROLES.flatMap((role) => remote.results.filter((result) => result.role === role)).map((result) => ({
    result,
    path: ports.folder.result(stemFor(ports, attempt), result.role),
  }))
}

/**
 * Files of another size than the provider tells count as cut unless they prove themselves: by a line for every request, of
 * which none would be sent again, or, after several fetches, by a line for every request. Where it tells no size, they must
 * hold as many lines as it counts answers. Throws `ProviderError`.
 */
async function assertWhole(
  ports: CollectPorts,
  attempt: AttemptRecord,
  { files, remote, settling }: Harvest,
  signal: AbortSignal,
): Promise<void> {
  // Unchecked only now and then: what failed for other reasons must still get the chance to fit.
  const isSizeChecked = attempt.failures % (SIZE_CHECKS + 1) < SIZE_CHECKS
  if (settling.missing === 0 && (settling.returning === 0 || !isSizeChecked)) return
  for (const file of files) {
    const doubt = await sizeDoubt(ports, file, signal)
    if (doubt === null) continue
    await discardFiles(ports, attempt)
    throw damaged(settling.missing === 0 ? doubt : `${doubt} and lacks rows of batch ${attempt.batch}`)
  }
  const lines = attempt.requestCount - settling.missing
  const counted = (remote.counts?.completed ?? 0) + (remote.counts?.failed ?? 0)
  const isSizeTold = files.some(({ told }) => told !== null)
  if (isSizeTold || !isSizeChecked || files.length === 0 || lines >= counted) return
  await discardFiles(ports, attempt)
  throw damaged(`batch ${attempt.batch} came with ${lines} of the ${counted} answers that the provider counts`)
}

/** Results of a batch that were fetched and read. */
interface Harvest {
  readonly remote: RemoteBatch
  readonly files: readonly KeptResult[]
  readonly settling: Settling
}

function isOversized(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.failure.code === OVERSIZED
}

/** A file without an end, fetched several times: nothing is lost by waiting for a person who knows how long it may be. */
async function holdOversized(ports: CollectPorts, attempt: AttemptRecord, error: ProviderError): Promise<Step> {
  await ports.store.moveAttempt(attempt.key, 'ended', 'held', {
    heldFrom: 'ended',
    ...because({ kind: 'results_too_large', provider: ports.provider.name, words: error.message }),
  })
  return MOVED
}

/** Rows absent from a completed batch may be a cut download that looked whole: fetched once more before it counts. */
async function fetchAgain(ports: CollectPorts, attempt: AttemptRecord, missing: number): Promise<Step> {
  const { clock, settings, store } = ports
  await discardFiles(ports, attempt)
  await store.noteAttempt(attempt.key, {
    ...because({ kind: 'fetched_again', missing }),
    nextAt: clock.now() + settings.waits.retryBackoff.firstMs,
  })
  return WAITED
}

async function discardFiles(ports: CollectPorts, attempt: AttemptRecord): Promise<void> {
  const { disk, folder } = ports
  for (const role of RESULT_ROLES) await disk.remove(folder.result(stemFor(ports, attempt), role))
}

/** How the names of the files begin that this process fetches: no other process touches them. */
function stemFor({ store }: Pick<CollectPorts, 'store'>, { key }: AttemptRecord): string {
  return resultStem(key, store.fence)
}

async function reportOddities(
  ports: CollectPorts,
  attempt: AttemptRecord,
  found: Pick<Findings, 'foreignLines' | 'unreadableLines' | 'conflicts' | 'textBodies'>,
): Promise<void> {
  const remoteIds = attempt.remoteId === null ? [] : [attempt.remoteId]
  const oddities = [
    { kind: 'unknown_ids', count: found.foreignLines, what: 'lines that answer no request of the batch' },
    { kind: 'unreadable_lines', count: found.unreadableLines, what: 'lines that could not be read' },
    { kind: 'conflicting_results', count: found.conflicts, what: 'requests with several different results' },
    {
      kind: 'text_bodies',
      count: found.textBodies,
      what: 'answers whose body was JSON in a text, which llm-batch read',
    },
  ] as const
  for (const { kind, count, what } of oddities) {
    if (count === 0) continue
    const detail = `the result files of batch ${attempt.batch} held ${count} ${what}; the files are kept as they came`
    await ports.store.addIncident({ at: ports.clock.now(), kind, detail, remoteIds })
    ports.emit({ type: 'incident', kind, message: detail, remoteIds })
  }
}

async function refuse(
  ports: CollectPorts,
  attempt: AttemptRecord,
  remote: RemoteBatch,
  plan: BatchPlan,
  round: Round,
): Promise<Step> {
  const { settings, store } = ports
  const refusal = judgeRefusal(remote)
  const isCancelling = round.cancelledBy() !== null
  if (refusal.kind === 'queue_full' && !isCancelling) {
    return { did: 'nothing_ran', words: refusal.words, limitTokens: refusal.limitTokens }
  }
  const triesLeft = settings.maxTries - 1 - mostTriesOf(plan)
  if (!isCancelling && (refusal.kind !== 'bad_lines' || triesLeft <= 0)) {
    // Refused as a whole it costs nothing, however long it waits for a person.
    await store.settleReservation(attempt.nonce, null)
    await store.moveAttempt(attempt.key, 'ended', 'held', {
      heldFrom: 'ended',
      ...because(
        refusal.kind === 'whole'
          ? { kind: 'batch_refused', code: refusal.code, words: refusal.words }
          : { kind: 'refused_repeatedly', tries: settings.maxTries },
      ),
    })
    return MOVED
  }
  const problems = refusal.kind === 'bad_lines' ? refusal.problems : new Map()
  const outcomes = Outcomes.empty(plan.length)
  for (let index = 0; index < plan.length; index += 1) {
    outcomes.set(index, refusedResult(problems.get(index + 1), isCancelling))
  }
  const { settlement } = await settlementOf(
    ports,
    attempt,
    { plan, outcomes, cancelledBy: round.cancelledBy(), resultFiles: [], stem: stemFor(ports, attempt) },
    'rejected',
  )
  await store.settleAttempt(attempt.key, 'rejected', {}, settlement)
  return MOVED
}

/** The most tries that any request of the batch has had before it. */
function mostTriesOf(plan: BatchPlan): number {
  let most = 0
  for (let index = 0; index < plan.length; index += 1) most = Math.max(most, plan.triesAt(index))
  return most
}

async function holdWithoutResults(ports: CollectPorts, attempt: AttemptRecord): Promise<Step> {
  await ports.store.moveAttempt(attempt.key, 'ended', 'held', {
    heldFrom: 'ended',
    ...because({ kind: 'no_results', provider: ports.provider.name }),
  })
  return MOVED
}

/**
 * Stops the run where too many rows of a batch were refused with one code: the rows that were not sent yet would fare no
 * better. Recorded before the batch is settled, so that no crash in between forgets it; may be repeated.
 */
async function stopLoss(
  { emit, settings, store }: CollectPorts,
  attempt: AttemptRecord,
  failure: UniformFailure | null,
): Promise<void> {
  if (failure === null || !isTooMany(failure, settings.stopLoss)) return
  if ((await store.record()).stopLoss !== null) return
  const stop = { ...failure, batch: attempt.batch }
  await store.setStopLoss({ state: 'stopped', ...stop })
  emit({ type: 'warning', code: 'stop_loss', message: { kind: 'stop_loss', ...stop }, batch: attempt.batch })
}
