import { splitLines } from '../lib/jsonl.ts'
import { ordinalOf, wirePrefix } from '../model/ids.ts'
import { emptyOutcome, type Outcome } from '../model/outcome.ts'
import { because, NO_REASON } from '../model/reason.ts'
import type { Round } from '../model/round.ts'
import type { CancelCause } from '../model/run.ts'
import { MOVED, type Step } from '../model/step.ts'
import type { AttemptRecord, NewResult, StoredRequest } from '../store/store.ts'
import { billFor } from './bill-for.ts'
import { type CanaryStop, judgeCanary } from './canary.ts'
import { judgeAnswer } from './judge-answer.ts'
import { newResult } from './new-result.ts'
import type { CollectPorts } from './ports.ts'
import { cancelledOutcome, triage } from './triage.ts'

/** More requests than a direct batch ever has. */
const ALL = 1_000

/**
 * Reads what the calls of a direct batch were answered with: `ended -> collected`, every request with its result, those
 * that were not called given back to be sent in a batch. Where the API refuses what all or most of them ask for, or no
 * answer can be used, the answers are kept, the refused ones stay, and the batch is held, before anything is bought in
 * batches.
 */
export async function collectDirect(ports: CollectPorts, attempt: AttemptRecord, round: Round): Promise<Step> {
  const { settings, store } = ports
  const answers = await readAnswers(ports, attempt)
  const requests = await store.requestsOf(attempt.batchKey, -1, ALL)
  const outcomes = requests.flatMap(({ ordinal }) => answers.get(ordinal)?.outcome ?? [])
  const cancelledBy = round.cancelledBy()
  const isCancelling = cancelledBy !== null
  const stop = isCancelling ? null : judgeCanary(outcomes, settings.canary.requests)
  const inDoubt = new Set(
    (await store.calls(attempt.key)).filter(({ answer }) => answer === 'unknown').map(({ ordinal }) => ordinal),
  )
  const results = requests.map((request) => {
    const answer = answers.get(request.ordinal)
    if (!answer) return uncalledResult(request, inDoubt.has(request.ordinal), cancelledBy)
    if (stop && isUnbilledFailure(answer.outcome))
      return newResult(request.ordinal, answer.outcome, answer.place, AGAIN)
    const verdict = triage(answer.outcome, { tries: request.tries, maxTries: settings.maxTries, isCancelling })
    return newResult(request.ordinal, answer.outcome, answer.place, verdict)
  })
  await store.addResults(attempt.key, results)
  if (stop) return await hold(ports, attempt, stop)
  const changes = { failures: 0, ...NO_REASON }
  await store.settleAttempt(attempt.key, 'collected', changes, await billFor(ports, attempt))
  return MOVED
}

/** Sent again without having cost a try. */
const AGAIN = { verdict: 'again', countsAsTry: false } as const

function isUnbilledFailure({ billed, status }: Outcome): boolean {
  return status === 'failed' && billed === 'no'
}

/** What is answered for good is settled; the refused requests wait in the batch until a person has decided. */
async function hold(ports: CollectPorts, attempt: AttemptRecord, stop: CanaryStop): Promise<Step> {
  const { store } = ports
  await store.settleFinal(attempt.key)
  await store.settleReservation(attempt.nonce, await billFor(ports, attempt))
  await store.moveAttempt(attempt.key, 'ended', 'held', {
    heldFrom: 'ended',
    ...because(stop),
  })
  return MOVED
}

function uncalledResult({ ordinal }: StoredRequest, isInDoubt: boolean, cancelledBy: CancelCause | null): NewResult {
  if (isInDoubt) {
    const reason = 'asked directly, and whether it was answered is not known; it may have been billed'
    const outcome = emptyOutcome({ status: 'missing', code: 'missing', reason, billed: 'unknown' })
    return newResult(ordinal, outcome, null, { verdict: 'final', countsAsTry: true })
  }
  if (cancelledBy !== null) {
    return newResult(ordinal, cancelledOutcome(cancelledBy, 'no'), null, { verdict: 'final', countsAsTry: false })
  }
  const reason = 'not asked directly; sent in a batch'
  return newResult(ordinal, emptyOutcome({ status: 'failed', code: 'not_called', reason, billed: 'no' }), null, AGAIN)
}

interface DirectAnswer {
  readonly outcome: Outcome
  readonly place: { readonly file: 'output'; readonly offset: number; readonly length: number }
}

/** The lines of our own result file by request. */
async function readAnswers(
  { checkAnswer, disk, folder, provider }: CollectPorts,
  attempt: AttemptRecord,
): Promise<ReadonlyMap<number, DirectAnswer>> {
  const answers = new Map<number, DirectAnswer>()
  for await (const lines of splitLines(disk.stream(folder.result(attempt.key, 'output')))) {
    for (const { bytes, offset } of lines) {
      const decoded = provider.decode(Buffer.from(bytes).toString('utf8'), attempt.target)
      const ordinal = decoded && ordinalOf(decoded.wireId, wirePrefix(attempt.nonce))
      if (decoded === undefined || ordinal === undefined)
        throw new Error(`a line of attempt ${attempt.key} is not ours`)
      const outcome = await judgeAnswer(decoded.outcome, checkAnswer)
      answers.set(ordinal, { outcome, place: { file: 'output', offset, length: bytes.length } })
    }
  }
  return answers
}
