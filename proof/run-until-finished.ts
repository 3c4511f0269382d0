import { EventEmitter } from 'node:events'
import { type DriveOptions, RunHandle } from '../src/library/handle.ts'
import { toldEvent, toldReport } from '../src/library/told.ts'
import { type ErrorCode, LlmBatchError, messageOf } from '../src/model/error.ts'
import type { RunEvent } from '../src/model/event.ts'
import { inProperties } from '../src/model/options/mention.ts'
import type { OutcomeStatus } from '../src/model/outcome.ts'
import { namedBatches } from '../src/model/reason.ts'
import { isFinished, PLAIN_OUTPUT, type UnknownCreateChoice } from '../src/model/run.ts'
import { ProviderError } from '../src/providers/provider.ts'
import { exitCodeOf, type RunReport } from '../src/workspace/report.ts'
// Loaded before the world begins, because nothing in it waits for the machine.
import 'ajv/dist/2020.js'
import '../src/providers/anthropic/adapter.ts'
import '../src/providers/gemini/adapter.ts'
import '../src/providers/mistral/adapter.ts'
import '../src/providers/openai/adapter.ts'
import { takeOpenRun } from '../src/prepare/open-run.ts'
import { type TakenRun, takeNewRun, takeRun } from '../src/prepare/start.ts'
import type { Workspace } from '../src/workspace/workspace.ts'
import { readAnswers } from './answer-row.ts'
import { billedUsd, readBooks } from './books.ts'
import { type AppendedRow, growRun } from './growing-run.ts'
import { LABELLED } from './label.ts'
import { beginningOf, nonceOf, type Plan } from './plan.ts'
import { Dead } from './world/life.ts'
import { namedFilesAmiss } from './world/named-files.ts'
import { nonceIn } from './world/nonce.ts'
import { Stuck } from './world/virtual-time.ts'
import { CANARY_KEY, STRAY_KEY, WORK, type World } from './world/world.ts'

/** Which of the runs of a world is typed. */
export interface Task {
  /** The run whose answers are carried over; null for none. */
  readonly since: string | null
  readonly answersPath: string
}

/** The run that the world is about. */
export const ANSWERS = `${WORK}/answers.jsonl`

const MODELS = {
  openai: 'openai/gpt-6-luna',
  mistral: 'mistral/mistral-small-latest',
  anthropic: 'anthropic/claude-haiku-5-5',
  gemini: 'gemini/gemini-3.8-flash',
} as const

/** Of an answer, where a cap is to be kept: fewer than the answers would have, so that worst cases come true. */
const MOST_TOKENS = 8

/** Starts of the command after which a run counts as stuck. */
export const MOST_STARTS = 24

/** Between a stop and the next start. */
export const REST_MS = 3_000

/** Exits of errors that a user may meet here without having done anything wrong; 2 for all others. */
const EXIT_CODES: Partial<Record<ErrorCode, number>> = { conflict: 1, busy: 75, account_mismatch: 75, unreachable: 75 }

/** Longer than any call is late. */
export const PATIENCE_MS = 90_000

/** Within this time the client notices a cancellation: it looks every second. */
const NOTICED_MS = 1_200

/** A person who types the command again this long before a deadline, or later, does not name it once more. */
const LEAST_LEFT_MS = 15_000

/** Holds after which the trouble ends, as a person would wait for before trying again. */
export const HOLDS_UNTIL_CALM = 2

/** Result of one start of the command, as seen from outside. */
export interface Start {
  /** Null where the process died. */
  readonly exitCode: number | null
  /** What a person was told where it did not end well. */
  readonly message: string | null
  readonly report: RunReport | null
}

/** A cap, and what the provider had booked when it was raised, or when the run was over. */
export interface KeptCap {
  readonly capUsd: number
  readonly billedUsd: number
}

/** A retry that a person asked for. */
export interface Retry {
  /** The statuses that were named; none for a plain one, which buys nothing twice. */
  readonly statuses: readonly OutcomeStatus[]
  /** Rows that had one of these statuses then, by nonce. */
  readonly named: ReadonlySet<string>
  /** When it was asked for first, on the clock of the world; a crash may have made it necessary to ask once more. */
  readonly atMs: number
  /** Synchronous calls that were answered before it. */
  readonly directAnswers: number
}

/** Everything the user saw until the run was over. */
export interface Trace {
  readonly starts: readonly Start[]
  /** The report of the last start. */
  readonly report: RunReport | null
  readonly events: readonly RunEvent[]
  /** In order; none where the run had no cap. */
  readonly caps: readonly KeptCap[]
  /**
   * Calls that cost money and were sent although the run had been cancelled long enough before, or its deadline had come,
   * as the world saw them; after the cancellation of a deadline only creates.
   */
  readonly sentWhenCancelled: readonly string[]
  /** In order. */
  readonly retries: readonly Retry[]
  /** Files that the catalog named after a crash, and that were not on the disk as it said. */
  readonly namedInVain: readonly string[]
  /** Why the world never came to an end, where it did not. */
  readonly stuck: string | null
}

/**
 * Types the command, and types it again after every crash, hold and error, until it says that it is done. After some
 * holds the trouble ends; where the client asks a person whether an unknown create may be sent again, the person looks
 * at the provider and says the truth.
 */
export async function runUntilFinished(world: World, plan: Plan, task: Task): Promise<Trace> {
  const beginning = {
    step: world.trace.length,
    ms: world.time.elapsed,
    usd: await world.time.runUntil(billedUsd(world)),
  }
  const billed = async (): Promise<number> => (await world.time.runUntil(billedUsd(world))) - beginning.usd
  const starts: Start[] = []
  const events: RunEvent[] = []
  const caps: KeptCap[] = []
  const cancelled = { atMs: Number.POSITIVE_INFINITY }
  const sentWhenCancelled: string[] = []
  const retries: Retry[] = []
  const namedInVain: string[] = []
  let retry: TypedRetry | null = null
  let stepsBefore = beginning.step
  let holds = 0
  let capUsd = plan.capUsd
  const end = async (stuck: string | null): Promise<Trace> => {
    if (capUsd !== null) caps.push({ capUsd, billedUsd: await billed() })
    lookBack()
    const report = starts.at(-1)?.report ?? null
    return { starts, events, caps, sentWhenCancelled, retries, namedInVain, report, stuck }
  }
  /** What was cancelled may be sent once it is asked for again. */
  const lookBack = (): void => {
    const deadline = starts.at(-1)?.report?.run.deadline ?? null
    const [overMs, windUpMs] = [deadline?.at, deadline?.windUpAt].map(
      (at = Number.POSITIVE_INFINITY) => at - world.time.beganAt,
    )
    const steps = world.trace.slice(stepsBefore)
    const late = sentAfter(steps, Math.min(cancelled.atMs, overMs ?? 0))
    sentWhenCancelled.push(...new Set([...late, ...sentAfter(steps, windUpMs ?? 0).filter(isCreate)]))
    stepsBefore = world.trace.length
    cancelled.atMs = Number.POSITIVE_INFINITY
  }
  const mostStarts = MOST_STARTS * (1 + plan.retries.length)
  try {
    while (starts.length < mostStarts) {
      const last = starts.at(-1)
      const isHeld = last?.report?.run.state === 'held'
      const isShort = isHeld && capUsd !== null && isShortOfBudget(last.report)
      if (isShort && capUsd !== null) {
        caps.push({ capUsd, billedUsd: await billed() })
        capUsd *= 2
      } else if (isHeld) holds += 1
      if (holds >= HOLDS_UNTIL_CALM || starts.length > mostStarts / 2) world.calm()
      const decides = isHeld && !isShort && holds > HOLDS_UNTIL_CALM
      // A person who decides has waited until nothing can be on its way any more.
      if (decides) await world.wait(PATIENCE_MS)
      if (decides) world.noteDecision()
      const runId = isHeld ? (last.report?.run.id ?? null) : (retry?.runId ?? null)
      const typed = { ...task, runId, retry, decides, events, capUsd, beginning, cancelled, namedInVain }
      starts.push(...(await startOnce(world, plan, typed, starts.length + 1)))
      const start = starts.at(-1)
      if (start?.report && isFinished(start.report.run.state)) {
        const statuses = plan.retries[retries.length]
        if (statuses === undefined) return await end(null)
        retries.push(retryOf(world, statuses, task.answersPath))
        retry = { runId: start.report.run.id, statuses, isMade: false }
        lookBack()
      }
      await world.wait(REST_MS)
    }
    return await end(`not finished after ${mostStarts} starts`)
  } catch (error) {
    if (error instanceof Stuck) return await end(error.message)
    throw error
  }
}

/** True where a batch does not fit under the cap. */
function isShortOfBudget({ attempts }: RunReport): boolean {
  return attempts.some(({ reasonCode, stage }) => stage === 'held' && reasonCode === 'over_budget')
}

/** A retry while it is typed. */
interface TypedRetry {
  readonly runId: string
  readonly statuses: readonly OutcomeStatus[]
  /** True once the client has taken it down: it is not asked for a second time then. */
  isMade: boolean
}

function retryOf(world: World, statuses: readonly OutcomeStatus[], answersPath: string): Retry {
  const named = readAnswers(world, answersPath).filter(({ llm_status }) => statuses.some((one) => one === llm_status))
  return {
    statuses,
    named: new Set(named.map(({ text }) => nonceIn(text))),
    atMs: world.time.now,
    directAnswers: world.directAnswers.length,
  }
}

interface Typed extends Task {
  /** When this run was typed first. */
  readonly beginning: { readonly step: number; readonly ms: number }
  /** The run to resume; null for the first command once more. */
  readonly runId: string | null
  /** The last retry, after which the run is only resumed; null where there was none. */
  readonly retry: TypedRetry | null
  readonly namedInVain: string[]
  /** True where a person decides what the client holds: to send again what is not there, to give up what has no results. */
  readonly decides: boolean
  readonly events: RunEvent[]
  readonly capUsd: number | null
  /** When the run was cancelled, once it was. */
  readonly cancelled: { atMs: number }
}

/** True where the wrong key is set; only for a run that has begun with the right one, or it would be the right one. */
function isStray(world: World, plan: Plan, { beginning }: Typed, number: number): boolean {
  if (plan.strayKeyAtStart !== number) return false
  return world.trace.slice(beginning.step).some((line) => line.includes('send create'))
}

/** One start of the command, and beside it the same command once more where the plan has a rival. */
async function startOnce(world: World, plan: Plan, typed: Typed, number: number): Promise<readonly Start[]> {
  const { life, workspace } = world.boot(isStray(world, plan, typed, number) ? STRAY_KEY : CANARY_KEY)
  const rival = number === 1 && plan.rivalAfterMs !== null ? world.boot(CANARY_KEY) : undefined
  const works = [
    command(world, plan, workspace, typed),
    ...(rival
      ? [
          world.time
            .clockOf(rival.life)
            .sleep(plan.rivalAfterMs ?? 0)
            .then(() => command(world, plan, rival.workspace, typed)),
        ]
      : []),
  ]
  // A process that died may still reject in a promise without a handler.
  for (const work of works) work.catch(() => undefined)
  const deaths = [life, ...(rival ? [rival.life] : [])].map((one) => one.ended.then(() => 'dead' as const))
  const outcome = await world.time.runUntil(Promise.race([Promise.all(works), ...deaths]))
  life.end()
  rival?.life.end()
  if (outcome === 'dead') {
    world.cleanUpAfter(world.lastCrash())
    typed.namedInVain.push(...(plan.isRotting ? [] : namedFilesAmiss(world)))
    if (plan.isRotting) world.rot()
    return [{ exitCode: null, message: null, report: null }]
  }
  world.disk.dropConnections()
  // What the first command says last counts as the end.
  return outcome.toReversed()
}

async function command(world: World, plan: Plan, opening: Promise<Workspace>, typed: Typed): Promise<Start> {
  let handle: RunHandle | undefined
  let workspace: Workspace | undefined
  try {
    workspace = await opening
    const emitter = new EventEmitter<{ event: [RunEvent] }>()
    emitter.on('event', (event) => typed.events.push(event))
    const taken = await take(workspace, plan, typed, emitter)
    handle = new RunHandle(workspace, taken, emitter)
    if (typed.retry && !typed.retry.isMade) {
      await handle.reopen({ statuses: typed.retry.statuses, maxTokens: null })
      typed.retry.isMade = true
    }
    const cancelling = cancelInTime(world, plan, workspace, handle, typed)
    const driving = {
      onUnknownCreate: typed.decides ? await decisionOf(world, handle) : 'hold',
      releaseHeld: typed.runId !== null,
      ...deadlineOf(world, plan, typed),
    } as const
    const isWhole = await grown(handle, plan, typed, driving)
    if (typed.decides && (await hasNoResults(handle))) await cancel(world, handle, typed)
    const report = isWhole ? (await handle.drive(driving)).report : await handle.report()
    await cancelling.stop()
    return { exitCode: exitCodeOf(report, 0), message: toldReport(report, inProperties).run.reason, report }
  } catch (error) {
    return await told(error, workspace, typed.since)
  } finally {
    handle?.close()
    await workspace?.close()
  }
}

/** True once the run has all rows of its plan; false where a person must look before the program goes on. */
async function grown(handle: RunHandle, plan: Plan, { retry, runId }: Typed, driving: DriveOptions): Promise<boolean> {
  if (plan.portions === null || retry !== null) return true
  // After a hold it appends what it has left before it goes on.
  const driveOn = async (): Promise<boolean> =>
    runId !== null || (await handle.drive(driving)).report.run.state !== 'held'
  return await growRun(handle, rowsOf(plan), plan.portions, driveOn)
}

/** What the command says of a deadline, as long as that does not come soon and the person has not cancelled the run. */
function deadlineOf(
  { time }: World,
  { deadlineMs }: Plan,
  { beginning, cancelled, retry, runId }: Typed,
): Pick<DriveOptions, 'deadline' | 'tail'> {
  const isCancelled = cancelled.atMs < Number.POSITIVE_INFINITY
  if (deadlineMs === null || retry !== null || runId !== null || isCancelled) return {}
  const leftMs = beginning.ms + deadlineMs - time.elapsed
  return leftMs > LEAST_LEFT_MS ? { deadline: { at: time.now + leftMs }, tail: 'direct' } : {}
}

function rowsOf({ beginnings, prompts }: Plan): readonly AppendedRow[] {
  return prompts.map((text, row) => ({
    id: nonceOf(row),
    text,
    ...(beginnings === null ? {} : { beginning: beginningOf(nonceIn(text), beginnings) }),
  }))
}

/** The truth about creates in doubt: the person looks into the batches that were named, which the client could not read. */
export async function decisionOf(world: World, handle: RunHandle): Promise<UnknownCreateChoice> {
  const { attempts } = await handle.report()
  const named = attempts.flatMap(({ reason, stage }) => (stage === 'held' ? namedBatches(reason) : []))
  if (named.length === 0) return 'resend'
  const books = await readBooks(world, new Set())
  return books.some(({ batch, rows }) => named.includes(batch.id) && rows.length > 0) ? 'give-up' : 'resend'
}

/** True for a run of which a batch is completed without any file: only a person can say that its rows are gone. */
export async function hasNoResults(handle: RunHandle): Promise<boolean> {
  const { run } = await handle.report()
  return run.reason?.kind === 'batch_held' && run.reason.why?.kind === 'no_results'
}

async function take(
  workspace: Workspace,
  plan: Plan,
  { answersPath, capUsd, runId, since }: Typed,
  emitter: EventEmitter<{ event: [RunEvent] }>,
): Promise<TakenRun> {
  const maxCostUsd = capUsd ?? undefined
  if (runId !== null) return await takeRun(workspace, runId, maxCostUsd)
  const options = { ...optionsOf(plan, answersPath, maxCostUsd), ...(since === null ? {} : { since }) }
  if (plan.portions !== null) return await takeOpenRun(workspace, { ...options, name: 'growing', idColumn: 'id' })
  return await takeWhole(workspace, plan, emitter, options)
}

/** What a person types for the run of a plan. */
function optionsOf(plan: Plan, answersPath: string, maxCostUsd: number | undefined) {
  return {
    model: MODELS[plan.provider],
    prompt: '{{text}}',
    ...(plan.isSharing ? { dedupe: true } : {}),
    ...(plan.beginnings === null ? {} : { system: '{{beginning}}', primeCache: true }),
    ...(plan.reasks === null ? {} : { answer: LABELLED, maxReasks: plan.reasks }),
    // With a limit the cap is kept by worst cases, and so never exceeded.
    ...(maxCostUsd === undefined ? {} : { maxTokens: MOST_TOKENS, maxCostUsd }),
    output: { ...PLAIN_OUTPUT, path: answersPath, force: true },
  } as const
}

/** Takes up the run of a plan as a new one, with all of its rows. */
export async function takeWhole(
  workspace: Workspace,
  plan: Plan,
  emitter: EventEmitter<{ event: [RunEvent] }>,
  options = optionsOf(plan, ANSWERS, undefined),
): Promise<TakenRun> {
  const input = { source: { rows: rowsOf(plan) } }
  return await takeNewRun(workspace, { ...options, input }, (happening) =>
    emitter.emit('event', toldEvent(happening, inProperties)),
  )
}

async function cancel(world: World, handle: RunHandle, { cancelled }: Typed): Promise<void> {
  await handle.cancel()
  cancelled.atMs = Math.min(cancelled.atMs, world.time.elapsed)
}

/** The steps in which a create or a synchronous call was sent although the client could have noticed that it must not. */
function sentAfter(trace: readonly string[], forbiddenMs: number): readonly string[] {
  return trace.filter(
    (line) => / send (?:create|direct) /.test(line) && Number.parseInt(line, 10) > forbiddenMs + NOTICED_MS,
  )
}

function isCreate(line: string): boolean {
  return line.includes(' send create ')
}

/** The user's second hand: cancels the run at its time, in whichever process drives it then. */
function cancelInTime(
  world: World,
  plan: Plan,
  { clock }: Workspace,
  handle: RunHandle,
  typed: Typed,
): { stop(): Promise<void> } {
  if (plan.cancelAfterMs === null || typed.retry) return { stop: async () => undefined }
  const over = new AbortController()
  const waitMs = plan.cancelAfterMs - (world.time.elapsed - typed.beginning.ms)
  const cancelling = async (): Promise<void> => {
    try {
      await clock.sleep(waitMs, over.signal)
      if (!over.signal.aborted) await cancel(world, handle, typed)
    } catch (error) {
      // Finished in the same moment, or dead: there is nothing left to cancel, or no process left to do it.
      if (!LlmBatchError.isInstance(error) && !(error instanceof Dead)) throw error
    }
  }
  const settled = cancelling()
  return {
    stop: async () => {
      over.abort()
      await settled
    },
  }
}

/** What the command says and how it exits where it throws. A finished run is found again by its report. */
export async function told(error: unknown, workspace: Workspace | undefined, since: string | null): Promise<Start> {
  if (LlmBatchError.isInstance(error)) {
    if (error.code === 'already_finished' && workspace) return await lookAgain(workspace, since)
    return { exitCode: EXIT_CODES[error.code] ?? 2, message: `${error.message} ${error.next}`, report: null }
  }
  if (error instanceof ProviderError) return { exitCode: 75, message: error.message, report: null }
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EIO') return { exitCode: 3, message: messageOf(error), report: null }
  // Anything else would be a bug of ours, exit code 1.
  return { exitCode: 1, message: error instanceof Error ? (error.stack ?? error.message) : String(error), report: null }
}

async function lookAgain(workspace: Workspace, since: string | null): Promise<Start> {
  try {
    return await alreadyDone(workspace, since)
  } catch (error) {
    return await told(error, undefined, since)
  }
}

/** The process died between the last file and its own end; the user looks at what is there. */
async function alreadyDone(workspace: Workspace, since: string | null): Promise<Start> {
  const run = (await workspace.store.listRuns()).find(({ id, state }) => id !== since && isFinished(state))
  if (!run) return { exitCode: 1, message: 'said to be done, and is not', report: null }
  const handle = new RunHandle(workspace, await takeRun(workspace, run.id), new EventEmitter())
  try {
    const { report } = await handle.drive()
    return { exitCode: exitCodeOf(report, 0), message: toldReport(report, inProperties).run.reason, report }
  } finally {
    handle.close()
  }
}
