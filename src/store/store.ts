import type { ProbeRecord } from '../model/probe.ts'
import type { Target } from '../model/target.ts'
import type { AttemptCatalog, KnownRemote } from './port/attempt.ts'
import type { BatchCatalog, TokenMethod } from './port/batch.ts'
import type { MoneyCatalog, MonthlySpending, ShownAnswers } from './port/money.ts'
import type { PaidCallCatalog } from './port/paid-call.ts'
import type { QueueBelief, QueueCatalog, QueuedWork } from './port/queue.ts'
import type { EndedRun, NewRun, RunCatalog, RunRecord, WaitingRun } from './port/run.ts'

/**
 * The durable memory of one home: all runs, in one database. Each verb is one transaction; what has been awaited is
 * on stable storage. Bodies and answers stay in files, the store holds ids, states, and offsets into those files.
 */
export interface Store extends RunList, HomeCatalog, WorkerList, Locks {
  close(): Promise<void>
}

/** A worker of the home. Instants are epoch milliseconds. */
export interface WorkerRecord {
  /** Its own, unlike that of any other. */
  readonly id: string
  /** Its machine and process, for people. */
  readonly place: string
  readonly startedAt: number
  readonly seenAt: number
}

/** A webhook whose signature was found to be valid. */
export interface Webhook {
  /** The secret it was signed by, by the name of its variable; ids are told apart by sender. */
  readonly sender: string
  /** The id that the sender gave it; the same in each delivery of it. */
  readonly id: string
  /** The providers that sign by that secret. */
  readonly providers: readonly string[]
  /** What may be the id of the batch that it is about. */
  readonly batchIds: readonly string[]
}

/** The workers of a home. */
interface WorkerList {
  /** Writes down that a worker is at work; one that was not seen since `deadBefore` is forgotten. May be repeated. */
  noteWorker(worker: WorkerRecord, deadBefore: number): Promise<void>
  forgetWorker(id: string): Promise<void>
  /** Those that were seen since an instant, oldest first. */
  workers(since: number): Promise<readonly WorkerRecord[]>
}

/** Rights of one process among those that work in a home, each freed by the death of the process that holds it. */
export interface Locks {
  /** The right to be the only writer of a run. Throws `busy` where another process holds it. */
  lockRun(id: string): Promise<Lock>
  /** True while a process holds a run's lock. Makes nothing, and holds up no process. */
  isRunLocked(id: string): Promise<boolean>
  /** The right to compare this new run with those that are here and to seal it. Throws `busy` like the other. */
  lockStarts(id: string): Promise<Lock>
}

/** A right that is held until it is released or the process dies. */
export interface Lock {
  /** May be repeated. */
  release(): void
}

/** The runs of a home. */
interface RunList {
  /** Makes a run in state `preparing`. */
  createRun(run: NewRun): Promise<RunRecord>
  findRun(id: string): Promise<RunRecord | undefined>
  /** All runs, newest first. */
  listRuns(): Promise<readonly RunRecord[]>
  /** The runs that are sealed or open to work and not finished, oldest first. */
  waitingRuns(): Promise<readonly WaitingRun[]>
  /** The runs that came to their end at an instant or later. */
  runsEndedSince(instant: number): Promise<readonly EndedRun[]>
  /** A handle that reads a run; its writing verbs throw. */
  read(id: string): RunStore
  /**
   * A handle that writes a run. Takes the next fencing number: every handle taken before can no longer write. The
   * caller must hold the run's lock.
   */
  write(id: string): Promise<RunStore>
  /** Asks the process that drives the run, now or later, to cancel it. Needs no lock; may be repeated. */
  requestCancel(id: string): Promise<void>
  /**
   * Makes the next look at the batches that a webhook is about due now, for whichever process drives their runs, and returns
   * these runs; none where it came before or no batch at work has such an id. Needs no lock and changes nothing else.
   */
  wake(webhook: Webhook): Promise<readonly string[]>
  /** Forgets a run and everything of it in the store but what it spent; its files are the caller's. */
  dropRun(id: string): Promise<void>
}

/** Facts over all runs of a home, and such as belong to none. */
interface HomeCatalog {
  /** Everything at any provider that an attempt of any run here made or took over. */
  knownRemotes(): Promise<readonly KnownRemote[]>
  /** Keeps what a live probe has shown; nothing is ever overwritten. */
  addProbe(probe: ProbeRecord): Promise<void>
  /** What live probes have shown, newest first. */
  probes(): Promise<readonly ProbeRecord[]>
  /** What all runs spent, removed ones included, by month and model, newest month first. */
  spendingByMonth(): Promise<readonly MonthlySpending[]>
  /** What the answers of a model were like so far, in all runs and tries of the home. */
  shownAnswers(provider: string, model: string): Promise<ShownAnswers>
  /** Adds answers that belong to no run, so that later estimates know them; adding twice counts twice. */
  addTriedAnswers(provider: string, model: string, shown: ShownAnswers): Promise<void>
  /** What all runs of the home have in the queues of providers, by model; models without work there are left out. */
  queuedWork(): Promise<readonly QueuedWork[]>
  /** What refusals have taught about the queue of a model at a base URL; null where there were none. */
  queueBelief(baseUrl: string, target: Target): Promise<QueueBelief | null>
  /** What estimates of tokens were worth there; null where no batch was collected. */
  tokenRate(baseUrl: string, target: Target, method: TokenMethod): Promise<number | null>
}

/** The memory of one run, by aggregate. Reading verbs may be used by any process at any time. */
export interface RunStore
  extends RunCatalog,
    BatchCatalog,
    AttemptCatalog,
    PaidCallCatalog,
    QueueCatalog,
    MoneyCatalog {
  readonly id: string
  /** The number of this handle among the writers of the run, where locks may be taken away; null elsewhere. */
  readonly fence: number | null
}
