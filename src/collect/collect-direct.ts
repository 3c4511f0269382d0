import { crc32 } from 'node:zlib'
import { splitLines } from '../lib/jsonl.ts'
import type { BatchPlan } from '../log/batch-plan.ts'
import { Outcomes } from '../log/outcomes.ts'
import { PassingFile } from '../log/passing-file.ts'
import { ordinalOf, wirePrefix } from '../model/ids.ts'
import { emptyOutcome, type Outcome } from '../model/outcome.ts'
import { because, NO_REASON } from '../model/reason.ts'
import type { RequestResult } from '../model/request-result.ts'
import { type ResultFile, resultStem } from '../model/result-ref.ts'
import type { Round } from '../model/round.ts'
import type { CancelCause } from '../model/run.ts'
import { MOVED, type Step } from '../model/step.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { type CanaryStop, judgeCanary } from './canary.ts'
import { judgeAnswer } from './judge-answer.ts'
import type { CollectPorts } from './ports.ts'
import { type ResultPlace, requestResult } from './request-result.ts'
import { planOf, settlementOf } from './settlement.ts'
import { cancelledOutcome, triage } from './triage.ts'

/**
 * Reads what the calls of a direct batch were answered with: `ended -> collected`, every request with its result, those
 * that were not called given back to be sent in a batch. Of a canary, where the API refuses what all or most of them ask
 * for, or no answer can be used, the answers are kept, the refused ones stay, and the batch is held, before anything is
 * bought in batches.
 */
export async function collectDirect(ports: CollectPorts, attempt: AttemptRecord, round: Round): Promise<Step> {
  const { settings, store } = ports
  const plan = await planOf(ports, attempt.batchKey)
  const cancelledBy = round.cancelledBy()
  // As the process named it that has called.
  const stem = attempt.outputFileId ?? resultStem(attempt.key, null)
  const { answers, file } = await readAnswers(ports, attempt, stem)
  const told = [...answers.values()].map(({ outcome }) => outcome)
  const isCanary = attempt.kind === 'direct'
  const stop = isCanary && cancelledBy === null ? judgeCanary(told, settings.canary.requests) : null
  const outcomes = await outcomesOfCalls(ports, attempt, plan, { answers, cancelledBy, isHeld: stop !== null })
  const settled = { plan, outcomes, cancelledBy, resultFiles: [file], stem }
  if (stop) return await hold(ports, attempt, settled, stop)
  const { bill, settlement } = await settlementOf(ports, attempt, settled, 'collected')
  const changes = { failures: 0, ...NO_REASON }
  await store.settleAttempt(attempt.key, 'collected', changes, settlement, bill)
  const problem = told.find(({ accountProblem }) => accountProblem)
  // What a canary meets here, the batches that follow it meet too.
  return isCanary || !problem ? MOVED : holdForAccount(problem)
}

/** Nothing more can be bought until a person has mended it. */
function holdForAccount({ code, reason }: Outcome): Step {
  return { did: 'must_hold_run', reason: { kind: 'account_problem', words: reason ?? code ?? 'account problem' } }
}

/** Facts by which it is told what became of the requests of a direct batch. */
interface CallFacts {
  readonly answers: CallAnswers
  readonly cancelledBy: CancelCause | null
  /** True where the batch is held because of these answers. */
  readonly isHeld: boolean
}

/** Answers by the requests that were called. */
type CallAnswers = ReadonlyMap<number, DirectAnswer>

type AnswerPorts = Pick<CollectPorts, 'checkAnswer' | 'disk' | 'folder' | 'provider' | 'settings' | 'store'>

/**
 * What became of the requests of a direct batch, by its calls and their answers; where it is held, what was refused is sent
 * again. May be repeated.
 */
export async function outcomesOfCalls(
  ports: AnswerPorts,
  attempt: AttemptRecord,
  plan: BatchPlan,
  { answers, cancelledBy, isHeld }: CallFacts,
): Promise<Outcomes> {
  const { maxTries } = ports.settings
  const inDoubt = new Set(
    (await ports.store.calls(attempt.key)).filter(({ answer }) => answer === 'unknown').map(({ ordinal }) => ordinal),
  )
  const resultOf = (ordinal: number, tries: number): RequestResult => {
    const answer = answers.get(ordinal)
    if (!answer) return uncalledResult(inDoubt.has(ordinal), cancelledBy)
    if (isHeld && isUnbilledFailure(answer.outcome)) return requestResult(answer.outcome, answer.place, AGAIN)
    const verdict = triage(answer.outcome, { tries, maxTries, isCancelling: cancelledBy !== null })
    return requestResult(answer.outcome, answer.place, verdict)
  }
  const outcomes = Outcomes.empty(plan.length)
  for (let index = 0; index < plan.length; index += 1) {
    outcomes.set(index, resultOf(plan.ordinalAt(index), plan.triesAt(index)))
  }
  return outcomes
}

/** Sent again without having cost a try. */
const AGAIN = { verdict: 'again', countsAsTry: false } as const

function isUnbilledFailure({ billed, status }: Outcome): boolean {
  return status === 'failed' && billed === 'no'
}

/** What is answered for good counts; the refused requests wait in the batch until a person has decided. */
async function hold(
  ports: CollectPorts,
  attempt: AttemptRecord,
  batch: Parameters<typeof settlementOf>[2],
  stop: CanaryStop,
): Promise<Step> {
  const { bill, settlement } = await settlementOf(ports, attempt, batch, 'held')
  await ports.store.settleReservation(attempt.nonce, bill)
  await ports.store.holdSettled(attempt.key, { heldFrom: 'ended', ...because(stop) }, settlement)
  return MOVED
}

function uncalledResult(isInDoubt: boolean, cancelledBy: CancelCause | null): RequestResult {
  if (isInDoubt) {
    const reason = 'asked directly, and whether it was answered is not known; it may have been billed'
    const outcome = emptyOutcome({ status: 'missing', code: 'missing', reason, billed: 'unknown' })
    return requestResult(outcome, null, { verdict: 'final', countsAsTry: true })
  }
  if (cancelledBy !== null) {
    return requestResult(cancelledOutcome(cancelledBy, 'no'), null, { verdict: 'final', countsAsTry: false })
  }
  const reason = 'not asked directly; sent in a batch'
  return requestResult(emptyOutcome({ status: 'failed', code: 'not_called', reason, billed: 'no' }), null, AGAIN)
}

interface DirectAnswer {
  readonly outcome: Outcome
  readonly place: ResultPlace
}

/** The lines of our own result file by request, judged, and the file. */
export async function readAnswers(
  { checkAnswer, disk, folder, provider }: AnswerPorts,
  attempt: AttemptRecord,
  stem: string,
): Promise<{ readonly answers: CallAnswers; readonly file: ResultFile }> {
  const passing = new PassingFile()
  const answers = new Map<number, DirectAnswer>()
  for await (const lines of splitLines(passing.through(disk.stream(folder.result(stem, 'output'))))) {
    for (const { bytes, offset } of lines) {
      const decoded = provider.decode(Buffer.from(bytes).toString('utf8'), attempt.target)
      const ordinal = decoded && ordinalOf(decoded.wireId, wirePrefix(attempt.nonce))
      if (decoded === undefined || ordinal === undefined)
        throw new Error(`a line of attempt ${attempt.key} is not ours`)
      const outcome = await judgeAnswer(decoded.outcome, checkAnswer)
      answers.set(ordinal, { outcome, place: { file: 'output', offset, length: bytes.length, crc32: crc32(bytes) } })
    }
  }
  return { answers, file: { role: 'output', ...passing.facts() } }
}
