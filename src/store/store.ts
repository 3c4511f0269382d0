import type { RemoteStatus, Stage } from '../model/attempt.ts'
import type { BatchKind } from '../model/batch.ts'
import type { Column, InputFile } from '../model/column.ts'
import type { FileFacts } from '../model/file-facts.ts'
import type { OutcomeStatus } from '../model/outcome.ts'
import type { ProbeRecord } from '../model/probe.ts'
import type { BudgetReason, Reason, ReasonCode } from '../model/reason.ts'
import type { Reopening } from '../model/reopening.ts'
import type { CancelCause, CarriedOver, Deadline, OutputPlan, RunDefinition, RunState } from '../model/run.ts'
import type { StopLoss } from '../model/stop-loss.ts'
import type { TallyGroup } from '../model/tally.ts'
import type { Target } from '../model/target.ts'

/**
 * The durable memory of one home: all runs, in one database. Each verb is one transaction; what has been awaited is
 * on stable storage. Bodies and answers stay in files, the store holds ids, states, and offsets into those files.
 */
export interface Store {
  /** Makes a run in state `preparing`. */
  createRun(run: NewRun): Promise<RunRecord>
  findRun(id: string): Promise<RunRecord | undefined>
  /** All runs, newest first. */
  listRuns(): Promise<readonly RunRecord[]>
  /** A handle that reads a run; its writing verbs throw. */
  read(id: string): RunStore
  /**
   * A handle that writes a run. Takes the next fencing number: every handle taken before can no longer write. The
   * caller must hold the run's lock.
   */
  write(id: string): Promise<RunStore>
  /** Asks the process that drives the run, now or later, to cancel it. Needs no lock; may be repeated. */
  requestCancel(id: string): Promise<void>
  /** Forgets a run and everything of it in the store but what it spent; its files are the caller's. */
  dropRun(id: string): Promise<void>
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
  /** What refusals have taught about the queue of a model at a base URL; null where there were none. */
  queueBelief(baseUrl: string, target: Target): Promise<QueueBelief | null>
  /** What estimates of tokens were worth there; null where no batch was collected. */
  tokenRate(baseUrl: string, target: Target, method: TokenMethod): Promise<number | null>
  close(): Promise<void>
}

/** The memory of one run. Reading verbs may be used by any process at any time. */
export interface RunStore {
  readonly id: string
  record(): Promise<RunRecord>
  /** Moves the run along the table of moves; a move that is not allowed from the state found throws. */
  moveRun(to: RunState, reason?: Reason | null): Promise<void>
  /** Replaces what steers the run and does not define it. */
  steerRun(output: OutputPlan): Promise<void>
  /** Sets the most that the run may cost, in micro-dollars; null for what the configuration says. */
  capRun(maxCostMicros: number | null): Promise<void>
  /** Sets until when the run should be done; null for no limit. */
  setDeadline(deadline: Deadline | null): Promise<void>
  /** Asks for the run to be cancelled because its deadline is near; what a person asked for before stays. */
  cancelForDeadline(): Promise<void>
  /** Records that failures have stopped the run, or may not stop it; null for neither. */
  setStopLoss(stopLoss: StopLoss | null): Promise<void>
  /** Remembers whose account the run's batches live in, once the provider has confirmed it. */
  bindAccount(account: string): Promise<void>
  /** Lets a run go to another API root. Throws `conflict` where something of it was sent to the one it has. */
  moveBaseUrl(baseUrl: string): Promise<void>

  // While preparing
  /**
   * Adds a batch with its first attempt, planned; its input file and its plan must be on stable storage. What it takes over
   * from older batches is counted there no longer. Throws `conflict`, and adds nothing, where one of these requests does
   * not wait to be sent again, so that nothing is ever in two living batches. Returns the attempt's key.
   */
  addBatch(batch: NewBatchRecord): Promise<number>
  /**
   * Ends a batch of kind `carried`: `planned -> collected`. Nothing is billed, and no estimate learns from it. Its files must
   * be on stable storage. Throws `conflict` for a batch of another kind.
   */
  settleCarried(attemptKey: number, settled: Settlement): Promise<void>
  /** Ends preparing: the run is `ready`, and its rows and their requests never change again. */
  sealRun(facts: SealedFacts): Promise<void>

  // Attempts
  /** The newest attempt of each batch, in order of their batches. */
  currentAttempts(): Promise<readonly AttemptRecord[]>
  /** The newest attempt of one batch. */
  currentAttempt(batchKey: number): Promise<AttemptRecord>
  /** Every attempt of the run, oldest first. */
  allAttempts(): Promise<readonly AttemptRecord[]>
  /** Moves an attempt along the table of moves, with what was learnt on the way; throws when another state is found. */
  moveAttempt(key: number, from: Stage, to: Stage, changes?: AttemptChanges): Promise<AttemptRecord>
  /** Records what was seen or scheduled without moving the attempt. */
  noteAttempt(key: number, changes: AttemptChanges): Promise<AttemptRecord>
  /**
   * Commits the intent, sets aside what the attempt may cost, and moves it from `uploaded` to `creating`; only then may
   * the POST be made. Both questions are answered inside the transaction, the queue's first; where one of them refuses,
   * nothing is changed.
   */
  openIntent(
    attemptKey: number,
    record: IntentFacts,
    admit: (queue: QueueState) => Admission,
    spending?: SpendingTerms,
  ): Promise<IntentOpening>
  /**
   * Commits the intent of the same create once more, under the same idempotency key: `unconfirmed -> creating`. What is set
   * aside for it stays as it is.
   */
  repeatIntent(attemptKey: number, record: IntentFacts): Promise<IntentRecord>
  /**
   * Records what became of the POST and moves the attempt, in one transaction. What was set aside for a batch that was
   * not created is free again.
   */
  closeIntent(key: number, answer: IntentAnswer, to: Stage, changes?: AttemptChanges): Promise<AttemptRecord>
  /** The intents of an attempt, oldest first. */
  intents(attemptKey: number): Promise<readonly IntentRecord[]>
  /**
   * Ends an attempt that never became a batch, or whose batch was refused unbilled, and starts the next one of the
   * same batch, planned. An open intent of the old one is answered with `proved_absent`. What was set aside for it is
   * free again, unless `mayBeBilled` says that nothing was proved.
   */
  replaceAttempt(options: {
    readonly key: number
    readonly from: Stage
    readonly to: 'abandoned' | 'rejected'
    readonly next: NewAttempt
    readonly changes?: AttemptChanges
    /** @default false */
    readonly mayBeBilled?: boolean
  }): Promise<AttemptRecord>
  /**
   * Takes over a remote batch of the same work that this home did not create: the attempt at hand, which was never
   * created, is abandoned, and the next one has the nonce and ids that the remote batch was made with; it moves
   * `planned -> submitted` in the same transaction.
   */
  adoptBatch(options: {
    readonly key: number
    readonly from: Stage
    readonly next: NewAttempt
    readonly remoteId: string
    readonly changes: AttemptChanges
  }): Promise<AttemptRecord>
  origin(): Promise<RunOrigin>
  /**
   * Ends an attempt that was never created, or whose batch was refused unbilled (from `ended`): its requests that have no
   * final answer wait to be cut into other batches.
   */
  releaseAttempt(key: number, from: Stage, options?: ReleaseOptions): Promise<void>
  /** Remembers a remote batch that was seen to carry our marker; never forgotten, never overwritten. */
  addRemoteBatch(attemptKey: number, remote: RemoteBatchFacts): Promise<void>
  remoteBatches(attemptKey: number): Promise<readonly RemoteBatchFacts[]>
  /** Those of these batches that no attempt of any run of the home is known to have made or taken over. */
  unknownRemotes(ids: readonly string[]): Promise<readonly string[]>

  // Queues, shared by all runs of the home at one base URL
  /**
   * Records that the provider refused a batch of this attempt for want of room; recording the same one again changes
   * nothing. Returns what is believed of the queue from now on.
   */
  recordRefusal(attemptKey: number, refusal: QueueRefusal): Promise<QueueBelief>
  /** What refusals have taught about the queue of a model; null where there were none. */
  queueBelief(target: Target): Promise<QueueBelief | null>
  /** Forgets that the queue of a model is in doubt, so that it is tried again at once; a learnt limit stays. */
  trustQueue(target: Target): Promise<void>
  /** Instants of queues at this run's provider that lie behind `now` become now: the clock was set back. */
  bringBackQueues(now: number): Promise<void>
  /** Batches of this model that count as in flight and that this run does not watch itself. */
  unwatchedInFlight(target: Target): Promise<readonly UnwatchedBatch[]>
  /** Remembers a look at such a batch; its own run goes on as if it had not been looked at. */
  noteUnwatched(attemptKey: number, at: number, hasEnded: boolean): Promise<void>
  /** True while a batch of any run waits for room at this run's provider, so that ends should be looked for often. */
  isRoomWanted(): Promise<boolean>
  /** True tokens for each estimated one, as collected batches of the model have shown; null where none has. */
  tokenRate(target: Target, method: TokenMethod): Promise<number | null>

  // Direct batches
  /** Commits the intent of one synchronous call; only then may it be made. Returns its key. */
  openCall(attemptKey: number, ordinal: number): Promise<number>
  /** Records what became of the call; `line` is its answer as a result line, kept until `endCalls`. */
  closeCall(key: number, answer: CallAnswer, line: string | null): Promise<void>
  /** The calls of an attempt, oldest first; a request whose call was not made may have several. */
  calls(attemptKey: number): Promise<readonly DirectCall[]>
  /** Moves the attempt from `calling` to `ended`, once the answers are on disk as its result file. */
  endCalls(attemptKey: number): Promise<AttemptRecord>
  // Batches and what came of them
  /** Every batch of the run by number, with its counts; the log reads requests by them. */
  batches(): Promise<readonly BatchRecord[]>
  /** One batch of the run. */
  batch(key: number): Promise<BatchRecord>
  /** True where requests wait to be planned into a batch. */
  hasPending(): Promise<boolean>
  /** True where rows have an invalid answer and may be asked again, by what their run allows. */
  hasReaskable(): Promise<boolean>
  /**
   * Ends collection: the outcomes of a batch count from now on, and its attempt moves from `ended` to `collected` (or
   * `rejected`, where the batch was refused as a whole). The bill takes the place of what was set aside for it; without one
   * it cost nothing.
   */
  settleAttempt(
    key: number,
    to: 'collected' | 'rejected',
    changes: AttemptChanges,
    settled: Settlement,
    bill?: Bill,
  ): Promise<AttemptRecord>
  /** Holds an attempt (`ended -> held`) whose final outcomes count; what is to be sent again waits for a person. */
  holdSettled(key: number, changes: AttemptChanges, settled: Settlement): Promise<AttemptRecord>
  /**
   * Has requests that stand so sent again, for `retry`, and opens a finished run where there are any; returns how many rows
   * they answer. A row that was asked again is asked its first question.
   */
  reopenRequests(reopening: NewReopening): Promise<number>
  /** Has a few of the requests that wait to be sent again asked directly first. */
  setCanaryDue(): Promise<void>
  /** Records that all requests that were to be sent again are in new batches. */
  endReplanning(): Promise<void>
  /** Ends every attempt that was not sent, and gives its requests and the pending ones the outcome `cancelled`. */
  cancelUnsent(): Promise<void>
  counts(): Promise<RequestCounts>

  // Money
  /** What is spent and set aside by this run, and by all runs of the home since an instant. */
  spending(since: number): Promise<SpendingStanding>
  /** What the answers of a target were like so far in this run. */
  shownAnswers(target: Target): Promise<ShownAnswers>
  /**
   * Sets aside what a call outside of batches may cost, before it is made; where the terms refuse, nothing is changed
   * and their answer is returned.
   */
  reserve(terms: SpendingTerms): Promise<BudgetReason | null>
  /** Replaces what was set aside by the bill; null for a call that was certainly not made. */
  settleReservation(id: string, bill: Bill | null): Promise<void>

  // Incidents
  addIncident(incident: Incident): Promise<void>
  incidents(): Promise<readonly Incident[]>
}

export interface NewRun {
  readonly id: string
  readonly definition: RunDefinition
  readonly output: OutputPlan
  readonly createdAt: number
}

/** A run as stored. Instants are epoch milliseconds. */
export interface RunRecord extends NewRun {
  readonly name: string | null
  readonly state: RunState
  /** Why it is held or paused; null otherwise. */
  readonly reason: Reason | null
  readonly rowCount: number
  readonly requestCount: number
  /** sha256 over the frozen rows and the ordered requests with their targets; equal for the same work. */
  readonly rowsHash: string | null
  readonly requestsHash: string | null
  /** Columns of the input, in order of appearance. */
  readonly columns: readonly Column[]
  /** The files of the input where it has several, in order; else none. */
  readonly files: readonly InputFile[]
  /** A salted digest of the key and scope its batches were made with; never the key. Null before the first call. */
  readonly account: string | null
  /** The most it may cost, in micro-dollars, where a flag or an option has said so; null otherwise. */
  readonly maxCostMicros: number | null
  /** When the user or the deadline asked to cancel it; null when not asked, or asked and opened again since. */
  readonly cancelRequestedAt: number | null
  readonly cancelCause: CancelCause | null
  readonly deadline: Deadline | null
  readonly stopLoss: StopLoss | null
  /** What it took over from an earlier run; null where it was to take over nothing. */
  readonly carried: CarriedOver | null
  /** True while a few of the requests that are sent again are still to be asked directly first. */
  readonly isCanaryDue: boolean
  /** What was asked to be sent again and is not in new batches yet, the oldest wish first. */
  readonly reopenings: readonly Reopening[]
  /** The file that tells which rows share a request; null where none do. */
  readonly sharing: FileFacts | null
  readonly finishedAt: number | null
}

export interface SealedFacts {
  /** Unique among the runs of the home. */
  readonly name: string | null
  readonly rowCount: number
  readonly requestCount: number
  /** Rows without a request, because of a problem. */
  readonly skippedCount: number
  readonly rowsHash: string
  readonly requestsHash: string
  readonly columns: readonly Column[]
  /** The files of the input where it has several, in order; else none. */
  readonly files: readonly InputFile[]
  /** The file that tells which rows share a request; null where none do. */
  readonly sharing: FileFacts | null
  /** The counts of batches some of whose requests are shared, by the keys of the batches. */
  readonly tallies: ReadonlyMap<number, readonly TallyGroup[]>
  /** @default null */
  readonly carried?: CarriedOver | null
}

/**
 * Method by which the input tokens of a batch were estimated; calibration is kept apart for each. `bytes`: four bytes a
 * token. `fitted`: by classes of characters, their weights fitted to rows that were counted exactly, or ours where no
 * tokenizer knows the model.
 */
export type TokenMethod = 'bytes' | 'fitted'

export interface NewBatchRecord {
  /** @default 'batch' */
  readonly kind?: BatchKind
  readonly target: Target
  /** Estimated input tokens before calibration, and how they were estimated. */
  readonly tokens: number
  readonly tokenMethod: TokenMethod
  readonly requestCount: number
  readonly firstOrdinal: number
  readonly lastOrdinal: number
  /** The file of its plan; null where its requests count up and were never sent before. */
  readonly plan: FileFacts | null
  /** Its requests as they are counted, by how often they were asked anew. */
  readonly tally: readonly TallyGroup[]
  /** What it takes over, by the keys of the batches that held it. */
  readonly taken: ReadonlyMap<number, readonly TallyGroup[]>
  /** What of it asks anew. */
  readonly reasked: ReaskCounts
  readonly contentHash: string
  /** The most tokens its answers may have together; null where any of them is without limit. */
  readonly mostOutputTokens: number | null
  readonly attempt: NewAttempt
}

/** An attempt about to be made. */
export interface NewAttempt {
  readonly nonce: string
  /** File name of the input within the run's `inputs` folder. */
  readonly inputName: string
  readonly inputBytes: number
  readonly inputSha256: string
  readonly createdAt: number
}

/** An attempt as stored, with what it needs of its batch. Instants are epoch milliseconds. */
export interface AttemptRecord extends NewAttempt {
  readonly key: number
  readonly batchKey: number
  /** 1-based number of the batch within the run, for people. */
  readonly batch: number
  readonly kind: BatchKind
  /** 1-based number of the attempt within its batch. */
  readonly number: number
  readonly target: Target
  readonly requestCount: number
  /** Estimated input tokens of the batch, calibrated by what collected batches have shown. */
  readonly tokens: number
  readonly contentHash: string
  /** The most tokens its answers may have together; null where any of them is without limit. */
  readonly mostOutputTokens: number | null
  readonly stage: Stage
  /** The nonce of the batch's first attempt, which its first input file was encoded with. */
  readonly firstNonce: string
  readonly firstInputName: string
  readonly inputFileId: string | null
  /** When the provider had the input file; a batch may have been planned, or have waited, long before. */
  readonly uploadedAt: number | null
  readonly remoteId: string | null
  readonly remoteStatus: RemoteStatus | null
  readonly rawStatus: string | null
  readonly outputFileId: string | null
  readonly errorFileId: string | null
  readonly remoteTotal: number | null
  readonly remoteCompleted: number | null
  readonly remoteFailed: number | null
  readonly remoteCreatedAt: number | null
  readonly expiresAt: number | null
  readonly submittedAt: number | null
  readonly endedAt: number | null
  readonly lastPollAt: number | null
  /** Looks at the batch so far; the polling interval grows with it. */
  readonly polls: number
  /** Failed calls in a row; the backoff grows with it. */
  readonly failures: number
  /** Not to be touched before this instant. */
  readonly nextAt: number
  /** How far reconciling has come; meaningful in `unconfirmed` only. */
  readonly reconcileStep: ReconcileStep | null
  /** Why it waits or is held: the code that steers us, and the reason for people; null otherwise. */
  readonly reasonCode: ReasonCode | null
  readonly reason: Reason | null
  /** The stage it was held in, to which clearing the hold leads back. */
  readonly heldFrom: Stage | null
  /** When a listing showed whether this create was repeated by something between us and the provider. */
  readonly auditedAt: number | null
  /** Since when it has waited for room in the provider's queue; null where it does not. */
  readonly waitingSince: number | null
  /** What its results have used, long and other inputs apart; none before it is settled, nor of answers carried over. */
  readonly usage: readonly AttemptUsage[]
}

/** A batch as the log of its run reads it. */
export interface BatchRecord {
  readonly key: number
  /** 1-based within the run; what a later one says of a request counts. */
  readonly number: number
  readonly kind: BatchKind
  readonly target: Target
  readonly requestCount: number
  readonly firstOrdinal: number
  readonly lastOrdinal: number
  /** Of its first attempt, under which its lines were frozen. */
  readonly nonce: string
  readonly inputName: string
  readonly plan: FileFacts | null
  /** Of its newest attempt. */
  readonly stage: Stage
  /** True where what is to be sent again was given up, because the run was cancelled. */
  readonly isGivenUp: boolean
  /** Null while no outcome of it counts. */
  readonly settled: SettledBatch | null
  /** Its requests as they stand, without those that a newer batch has taken over. */
  readonly tally: readonly TallyGroup[]
  readonly reasked: ReaskCounts
}

/** Questions that were asked anew, because an answer was invalid. */
export interface ReaskCounts {
  readonly requests: number
  /** Rows of which this was the first time. */
  readonly rows: number
}

/** The outcomes of a batch that count. */
export interface SettledBatch {
  readonly attemptKey: number
  /** Of that attempt. */
  readonly nonce: string
  /** The file of columns, by its name and what proves it. */
  readonly name: string
  readonly facts: FileFacts
  /** Why the run was being cancelled at that time; null where it was not. */
  readonly cancelCause: CancelCause | null
}

/** Outcomes, counts and usage of a batch that is settled. */
export interface Settlement extends Omit<SettledBatch, 'attemptKey' | 'nonce'> {
  readonly tally: readonly TallyGroup[]
  readonly usage: readonly AttemptUsage[]
}

/** Manner of giving up an attempt. */
export interface ReleaseOptions {
  /** Keeps what was set aside for it so, because nothing was proved. @default false */
  readonly mayBeBilled?: boolean
  /** @default 'rejected' from `ended`, else 'abandoned' */
  readonly to?: 'abandoned' | 'rejected'
}

/** Which requests are to be sent again, and how. */
export interface NewReopening extends Omit<Reopening, 'upToBatch'> {
  /** Of more requests than this, a few are asked directly first; null for none. */
  readonly canaryAbove: number | null
}

/** Work of a run at its provider so far, made or taken over there. */
export interface RunOrigin {
  /** Whether a create of it was ever prepared here. */
  readonly hasIntents: boolean
  /** Whether a batch was taken over from elsewhere. */
  readonly hasAdopted: boolean
  /** Whether the provider took anything of it, or may have: an input file, a create, a direct call. */
  readonly hasSent: boolean
}

/**
 * The steps of proving that a create did not happen, in order; `tentative` while batches that may be the one are at work,
 * where only their answers can tell.
 */
export const RECONCILE_STEPS = [
  'first_listing',
  'second_listing',
  'fence',
  'third_listing',
  'unfenced',
  'tentative',
] as const

export type ReconcileStep = (typeof RECONCILE_STEPS)[number]

/** Changes of an attempt besides its stage. */
export type AttemptChanges = Partial<
  Pick<
    AttemptRecord,
    | 'inputFileId'
    | 'remoteId'
    | 'remoteStatus'
    | 'rawStatus'
    | 'outputFileId'
    | 'errorFileId'
    | 'remoteTotal'
    | 'remoteCompleted'
    | 'remoteFailed'
    | 'remoteCreatedAt'
    | 'expiresAt'
    | 'submittedAt'
    | 'endedAt'
    | 'lastPollAt'
    | 'polls'
    | 'failures'
    | 'nextAt'
    | 'reconcileStep'
    | 'reasonCode'
    | 'reason'
    | 'heldFrom'
    | 'auditedAt'
    | 'waitingSince'
    | 'uploadedAt'
  >
>

/** Everything that must be known to find a lost create again, written before its one POST. */
export interface IntentFacts {
  readonly at: number
  readonly baseUrl: string
  readonly account: string
  readonly endpoint: string
  readonly model: string
  readonly nonce: string
  readonly contentHash: string
  /** Null where the create carried the input. */
  readonly inputFileId: string | null
  readonly inputBytes: number
  readonly inputSha256: string
  readonly lineCount: number
  readonly adapterVersion: number
}

export const INTENT_ANSWERS = ['created', 'not_created', 'unknown', 'adopted', 'proved_absent'] as const

export type IntentAnswer = (typeof INTENT_ANSWERS)[number]

export interface IntentRecord extends IntentFacts {
  readonly key: number
  readonly attemptKey: number
  /** Null while the POST may be on the wire. */
  readonly answer: IntentAnswer | null
  readonly answeredAt: number | null
}

/** Result of opening an intent. */
export type IntentOpening =
  | { readonly isOpen: true; readonly intent: IntentRecord }
  | { readonly isOpen: false; readonly refusal: Wait | BudgetReason }

/** Permission of the provider's queue for a batch now. */
export type Admission = { readonly isAdmitted: true } | { readonly isAdmitted: false; readonly wait: Wait }

/** The reason why a batch may not be created now. */
export interface Wait {
  /**
   * `too_large`: it must be cut, waiting does not help. `same_count`: a batch of as many requests has a create without an
   * answer; `count_in_doubt`: the same, and that may take long.
   */
  readonly code: 'queue_full' | 'too_large' | 'same_count' | 'count_in_doubt'
  /** What there is no room for, with numbers. */
  readonly words: string
  /** When to ask again; the batch is woken before that when room appears. */
  readonly nextAt: number
}

/**
 * The provider's queue for one model at one base URL, as all runs of the home have filled it, and the batch that asks for
 * room. Token counts are estimates, calibrated.
 */
export interface QueueState {
  readonly batch: QueueLoad
  readonly inFlight: QueueLoad
  /** Requests in flight of all models at the base URL. */
  readonly accountRequests: number
  /** Batches of all models at the base URL whose create may have been sent and was not answered. */
  readonly unanswered: readonly { readonly requests: number; readonly isInDoubt: boolean }[]
  /** Batches that began to wait before this one, first come first. */
  readonly ahead: readonly { readonly since: number; readonly nextAt: number }[]
  readonly belief: QueueBelief | null
  /** True where collected batches have shown what estimates of this kind are worth. */
  readonly isCalibrated: boolean
}

export interface QueueLoad {
  readonly tokens: number
  readonly requests: number
}

/** Knowledge about a queue that refusals have taught. Instants are epoch milliseconds. */
export interface QueueBelief {
  /** Tokens that fit, as far as known; null where no refusal told. */
  readonly tokens: number | null
  readonly learntAt: number | null
  /** The provider's words that the limit was read from. */
  readonly learntFrom: string | null
  /** True from a refusal until a batch created after it was accepted. */
  readonly isInDoubt: boolean
  /** True while a batch created after the refusal has neither been accepted nor refused. */
  readonly hasProber: boolean
  /** Refusals in a row, and how many of them while nothing of the home was in flight. */
  readonly refusals: number
  readonly refusalsAlone: number
  /** Tokens that were in flight when the last batch was refused. */
  readonly tokensInFlight: number
  /** When to try again although nothing has ended. */
  readonly tryAt: number
}

/** A batch refused for want of room. */
export interface QueueRefusal {
  readonly at: number
  /** The limit that the provider names; null where it names none. */
  readonly limitTokens: number | null
  readonly words: string
  /** What was learnt before this instant is believed no longer. */
  readonly believedSince: number
  /** How long to wait after so many refusals in a row, from 1. */
  readonly waitMs: (refusals: number) => number
}

/** A batch in flight that another run, or no process, watches. */
export interface UnwatchedBatch {
  readonly attemptKey: number
  readonly run: string
  readonly remoteId: string
  readonly lastPollAt: number
}

/**
 * What became of a synchronous call. `answered`: its result line is known. `not_made`: certainly not executed, so that it
 * may be made again. `unknown`: it may have been executed and billed.
 */
export const CALL_ANSWERS = ['answered', 'not_made', 'unknown'] as const

export type CallAnswer = (typeof CALL_ANSWERS)[number]

/** One synchronous call of a request. */
export interface DirectCall {
  readonly key: number
  readonly ordinal: number
  /** Null while it may be on the wire. */
  readonly answer: CallAnswer | null
  readonly line: string | null
}

export interface RemoteBatchFacts {
  readonly id: string
  readonly seenAt: number
  /** `ours`: the one that is used. `adopted`: the same, made by another home. `duplicate`: an extra one of a resend. */
  readonly role: 'ours' | 'adopted' | 'duplicate'
}

/** Batches and files at a provider that a run of this home knows to be its own. */
export interface KnownRemote {
  readonly runId: string
  readonly nonce: string
  readonly inputFileId: string | null
  readonly outputFileId: string | null
  readonly errorFileId: string | null
  readonly batchId: string | null
}

/** Rows by the state of their newest request; rows that were skipped for a problem have none and count as `skipped`. */
export type RequestCounts = Readonly<Record<OutcomeStatus | 'pending' | 'batched' | 'skipped', number>>

/** Tokens of all recorded results, final or not, by the model asked for; those of another run are not among them. */
export interface UsageTotal {
  readonly target: Target
  readonly results: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly cachedTokens: number
  readonly reasoningTokens: number
  /** Billed results whose usage the provider did not give: their cost is unknown, not zero. */
  readonly withoutUsage: number
}

/** Tokens of one attempt's results, all that are long or all that are not. */
export interface AttemptUsage extends Omit<UsageTotal, 'target'> {
  /** Results whose usage was told. */
  readonly answers: number
  /** True for the results whose input is long enough for the dearer rates of some models. */
  readonly isLong: boolean
}

/** Amount that is set aside before a paid call. Amounts are whole micro-dollars, so that adding up is exact. */
export interface Reservation {
  /** The nonce of the attempt, or of the call. */
  readonly id: string
  readonly kind: BatchKind
  readonly target: Target
  readonly requests: number
  readonly at: number
  /** Null where the price is unknown. */
  readonly micros: number | null
}

/** Conditions of a paid call, checked in the transaction that sets its cost aside. */
export interface SpendingTerms {
  readonly reservation: Reservation
  /** From when on the spending of all runs is added up. */
  readonly since: number
  /** Why the call must not be made now; null where it may. Pure: it runs inside the transaction. */
  readonly refuse: (standing: SpendingStanding) => BudgetReason | null
}

/** Micro-dollars of paid calls. */
export interface SpendingSum {
  /** By true usage, after collection. */
  readonly settled: number
  /** Set aside for calls that were not settled, their fate unknown or not, or whose usage was not told. */
  readonly reserved: number
  /** The part of `reserved` that this run settles by itself, because its batches are being watched. */
  readonly inFlight: number
  /** Calls of which not even an estimate is known. */
  readonly unknown: number
}

export interface SpendingStanding {
  readonly run: SpendingSum
  readonly sinceThen: SpendingSum
}

/** Tokens and cost of a paid call. */
export interface Bill extends ShownAnswers {
  /** Micro-dollars by the usage that was told; null where the price is unknown. */
  readonly micros: number | null
  readonly cachedTokens: number
  readonly reasoningTokens: number
  /** Results that were or may have been billed without a usage: each costs its share of what was set aside. */
  readonly withoutUsage: number
}

/** Tokens of answers whose usage was told. */
export interface ShownAnswers {
  readonly answers: number
  readonly promptTokens: number
  readonly completionTokens: number
}

/** Tokens and cost of the calls of one month (UTC, by their create) at one model. */
export interface MonthlySpending extends SpendingSum, ShownAnswers {
  /** Such as `2026-11`. */
  readonly month: string
  readonly provider: string
  readonly model: string
  readonly cachedTokens: number
  readonly reasoningTokens: number
}

/** Something the user may want to take up with the provider, such as a batch that was made twice. */
export interface Incident {
  readonly at: number
  readonly kind: 'duplicate_batch' | 'conflicting_results' | 'unknown_ids' | 'unreadable_lines' | 'text_bodies'
  readonly detail: string
  readonly remoteIds: readonly string[]
}
