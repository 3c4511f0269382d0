import { EventEmitter } from 'node:events'
import pLimit from 'p-limit'
import { repairOf } from '../collect/rebuild.ts'
import { RunHandle } from '../library/handle.ts'
import { toldReport, type Words } from '../library/told.ts'
import type { LogPorts } from '../log/ports.ts'
import { LlmBatchError } from '../model/error.ts'
import type { RunEvent } from '../model/event.ts'
import { commandLine, inFlags, inProperties } from '../model/options/mention.ts'
import { PLAIN_OUTPUT } from '../model/run.ts'
import { takeOpenRun } from '../prepare/open-run.ts'
import type { Provider } from '../providers/provider.ts'
import type { RunStore } from '../store/store.ts'
import type { Steering } from '../workspace/context.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { type Call, type CallRow, callId, rowOf } from './call.ts'
import { CallReplies, type CallReply, errorReply, errorShapeOf } from './call-replies.ts'
import { type GatheredCall, Gathering, type GatheringLimits, type Waiter } from './gathering.ts'
import { type KnownCall, KnownCalls } from './known-calls.ts'
import { OpenCalls } from './open-calls.ts'

/** Options of a run whose rows are calls. */
export interface CallRunOptions {
  readonly name: string
  readonly provider: string
  readonly gathering: GatheringLimits
  readonly timeoutHours?: number | undefined
  /** Steers the run while this process drives it. */
  readonly steering?: Steering | undefined
  /** Sends again at the start what ended without an answer and certainly without a bill. @default false */
  readonly retries?: boolean | undefined
  readonly maxCostUsd?: number | undefined
  /** Puts options in what calls are told in the words of their reader. @default those of the library */
  readonly words?: Words | undefined
  /** Called with what has ended a drive of the run; calls that wait are told by themselves. */
  readonly onTrouble?: ((error: unknown) => void) | undefined
}

/** A call of a run as it stands: gathered, on its way in a batch, or answered. */
export type FoundCall =
  | { readonly state: 'gathered' | 'sent'; readonly model: string | null }
  | { readonly state: 'answered'; readonly reply: CallReply }

/** Calls of one process, by what became of them. */
export interface CallCounts {
  /** All that were asked. */
  readonly asked: number
  /** Rows that the run did not have before this process, questions that were asked again among them. */
  readonly fresh: number
  /** Asked of which the answer has not come yet. */
  readonly open: number
}

/** Stages in which a batch has brought all that it will. */
const ENDED: ReadonlySet<string> = new Set(['collected', 'rejected', 'abandoned', 'cancelled', 'held'])

/**
 * Durable calls: each is a row of a named, open run, known by its content. What the run has an answer to is answered from
 * disk, what is on its way is waited for, and only what is new is gathered into batches and bought. Started again after any
 * crash, it goes on where it was.
 */
export class CallRun {
  readonly id: string
  readonly name: string
  readonly provider: Provider
  readonly #handle: RunHandle
  readonly #store: RunStore
  readonly #ports: LogPorts
  readonly #replies: CallReplies
  readonly #steering: Steering
  readonly #known = new KnownCalls()
  readonly #gathering: Gathering
  readonly #onTrouble: (error: unknown) => void
  readonly #words: Words
  /** Calls that are being made into rows. */
  #appended: ReadonlyMap<string, GatheredCall> = new Map()
  readonly #appending = pLimit(1)
  readonly #open: OpenCalls
  #isDriving = false
  #isFirstDrive = true
  /** Counts what was appended, so that a drive that ends knows whether it saw all. */
  #appends = 0
  #asked = 0
  #fresh = 0
  #isClosed = false

  /** Makes the run of this name, or takes it up. Throws `busy` where another process has it, and as `takeOpenRun` does. */
  static async open(workspace: Workspace, options: CallRunOptions): Promise<CallRun> {
    const { maxCostUsd, name, provider: providerName, timeoutHours } = options
    const taken = await takeOpenRun(workspace, {
      name,
      provider: providerName,
      timeoutHours,
      maxCostUsd,
      // Which calls are one question is for their ids to say.
      dedupe: false,
      // A call that cannot be sent is answered with the reason, and keeps no other one back.
      skipInvalid: true,
      output: { ...PLAIN_OUTPUT, path: null },
    })
    const emitter = new EventEmitter<{ event: [RunEvent] }>()
    const handle = new RunHandle(workspace, taken, emitter)
    try {
      const provider = await workspace.connect(providerName)
      const run = new CallRun(workspace, { handle, provider, store: taken.store }, options)
      emitter.on('event', (event) => run.#notice(event))
      if (options.retries) await handle.reopen({ statuses: [], maxTokens: null })
      await run.#readKnown()
      return run
    } catch (error) {
      handle.close()
      throw error
    }
  }

  private constructor(
    workspace: Workspace,
    { handle, provider, store }: { handle: RunHandle; provider: Provider; store: RunStore },
    { gathering, name, onTrouble, steering, words }: CallRunOptions,
  ) {
    const { configuration, disk } = workspace
    this.id = handle.id
    this.name = name
    this.provider = provider
    this.#handle = handle
    this.#store = store
    this.#ports = { disk, folder: workspace.folderOf(store.id) }
    this.#steering = steering ?? {}
    this.#onTrouble = onTrouble ?? (() => undefined)
    this.#words = words ?? inProperties
    const sources = { ...this.#ports, store, provider }
    this.#replies = new CallReplies({
      ...sources,
      name,
      repair: repairOf({ ...sources, settings: configuration.settings }),
    })
    this.#open = new OpenCalls(this.#replies, workspace.clock, {
      onUnanswered: () => this.#drive(),
      onFailure: (error) => this.#failOpen(error),
    })
    this.#gathering = new Gathering(workspace.clock, gathering, () => void this.flush())
  }

  get counts(): CallCounts {
    const open = this.#gathering.size + this.#appended.size + this.#open.size
    return { asked: this.#asked, fresh: this.#fresh, open }
  }

  /**
   * The answer to a call, once there is one. Its id says which other calls are the same question. Rejects where the process
   * closes the run before, or the program has a bug.
   */
  ask(call: Call, id = callId(call)): Promise<CallReply> {
    this.#asked += 1
    return new Promise((resolve, reject) => {
      const waiter = { endpoint: call.endpoint, answer: resolve, fail: reject }
      if (this.#isClosed) return reject(this.#closedError())
      const known = this.#known.find(id)
      if (known) return this.#await(known, waiter)
      const waiting = this.#gathering.find(id) ?? this.#appended.get(id)
      if (waiting) waiting.waiters.push(waiter)
      else this.#gathering.add(id, call, waiter)
    })
  }

  /** True where the call of this id is a row. */
  isRow(id: string): boolean {
    return this.#known.find(id) !== undefined
  }

  /** The call of this id as it stands, without asking it; undefined where there is none. */
  async find(id: string): Promise<FoundCall | undefined> {
    if (this.#gathering.find(id) ?? this.#appended.get(id)) return { state: 'gathered', model: null }
    const known = this.#known.find(id)
    if (known === undefined) return undefined
    if ('problem' in known) {
      const { code, detail } = known.problem
      const problem = { code, message: detail }
      return { state: 'answered', reply: errorReply(errorShapeOf(this.provider), problem, REFUSED_STATUS) }
    }
    const { reply, target } = (await this.#replies.look(known.ordinal)) ?? {}
    return reply ? { state: 'answered', reply } : { state: 'sent', model: target?.model ?? null }
  }

  /** Takes back a call that is not a row yet, and tells what waits for it; false where it is too late. */
  withdraw(id: string): boolean {
    const gathered = this.#gathering.remove(id)
    const problem = { code: 'cancelled', message: 'the call was cancelled before it was sent' }
    for (const waiter of gathered?.waiters ?? []) this.#refuse(waiter, problem)
    return gathered !== undefined
  }

  /** Calls without an answer, also those of earlier processes. */
  async unanswered(): Promise<number> {
    const { batched, pending } = await this.#store.counts()
    return this.#gathering.size + this.#appended.size + batched + pending
  }

  /** Has the run go on with what earlier processes have asked, although nothing waits for it here. */
  goOn(): void {
    if (this.#known.size > 0) this.#drive()
  }

  /** Makes rows of what was gathered, and has them sent. Resolves once they are in the run. */
  async flush(): Promise<void> {
    await this.#appending(async () => {
      const gathered = this.#gathering.take()
      if (gathered.size === 0) return
      this.#appended = gathered
      try {
        const { rows } = await this.#handle.append(rowsOf(gathered))
        this.#fresh += rows
        this.#appends += 1
        await this.#readKnown()
        for (const [id, { waiters }] of gathered) for (const waiter of waiters) this.#awaitAppended(id, waiter)
      } catch (error) {
        this.#onTrouble(error)
        for (const { waiters } of gathered.values()) for (const waiter of waiters) this.#fail(waiter, error)
      } finally {
        this.#appended = new Map()
      }
    })
    this.#drive()
  }

  /** Lets go of the run. What waits for an answer is told that the run is closed; nothing is cancelled at the provider. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const error = this.#closedError()
    for (const { waiters } of this.#gathering.take().values()) for (const { fail } of waiters) fail(error)
    await this.#handle.stop()
    this.#failOpen(error)
    this.#handle.close()
  }

  #awaitAppended(id: string, waiter: Waiter): void {
    const known = this.#known.find(id)
    if (known) this.#await(known, waiter)
    else waiter.fail(new Error(`the call ${id} was appended to run ${this.id} and is not there`))
  }

  #await(known: KnownCall, waiter: Waiter): void {
    if ('problem' in known) {
      const { code, detail } = known.problem
      return this.#refuse(waiter, { code, message: detail }, REFUSED_STATUS)
    }
    this.#open.add(known.ordinal, waiter)
  }

  /** Something of the run has come to an end, so that answers may be there. */
  #notice(event: RunEvent): void {
    if (event.type === 'batch' && ENDED.has(event.stage)) this.#open.lookAtAll()
  }

  #drive(): void {
    if (this.#isDriving || this.#isClosed) return
    this.#isDriving = true
    void this.#driveOn().finally(() => {
      this.#isDriving = false
      // Something may have been asked after the last look.
      this.#open.lookOn()
    })
  }

  async #driveOn(): Promise<void> {
    try {
      for (;;) {
        const seen = this.#appends
        const { report } = await this.#handle.drive({ ...this.#steering, releaseHeld: this.#isFirstDrive })
        this.#isFirstDrive = false
        if (this.#isClosed) return
        // What is asked from here on is looked up by itself.
        const unanswered = await this.#open.answerAll()
        if (unanswered.length === 0) return
        if (seen !== this.#appends) continue
        const { reason, state } = toldReport(report, this.#words).run
        const why = `run ${this.name} is ${state}${reason === null ? '' : `: ${reason}`}`
        const next = inFlags(`See ${commandLine('status', this.name)}, then start the program or the gateway again.`)
        for (const waiter of this.#open.take(unanswered))
          this.#refuse(waiter, { code: state, message: `${why}. ${next}` })
        return
      }
    } catch (error) {
      if (!this.#isClosed) this.#onTrouble(error)
      this.#failOpen(error)
    }
  }

  async #readKnown(): Promise<void> {
    await this.#known.readOn(this.#ports, await this.#store.portions())
  }

  #failOpen(error: unknown): void {
    for (const waiter of this.#open.take()) this.#fail(waiter, error)
  }

  /** What concerns the run is an answer: clients show its words and do not repeat the call. Anything else is thrown. */
  #fail(waiter: Waiter, error: unknown): void {
    if (this.#isClosed || !LlmBatchError.isInstance(error)) {
      return waiter.fail(error instanceof Error ? error : new Error(String(error)))
    }
    const { message, next } = error.inWords(this.#words)
    this.#refuse(waiter, { code: error.code, message: `${message} ${next}`.trim() })
  }

  #refuse(
    { answer, endpoint }: Waiter,
    problem: { readonly code: string; readonly message: string },
    status?: number,
  ): void {
    answer(errorReply(this.provider.synchronous?.(endpoint), problem, status))
  }

  #closedError(): LlmBatchError {
    return new LlmBatchError('usage', `the calls of ${this.name} were closed by this program`, {
      next: 'Start the program again: what was sent is waited for, and what was answered is there.',
    })
  }
}

/** Of a call that the provider would refuse: as it would. */
const REFUSED_STATUS = 400

function rowsOf(gathered: ReadonlyMap<string, GatheredCall>): readonly CallRow[] {
  return [...gathered].map(([id, { call }]) => rowOf(id, call))
}
