import type { RemoteStatus, Stage } from '../model/attempt.ts'
import type { PlannedRequest } from '../model/batch.ts'
import type { Billed, OutcomeStatus } from '../model/outcome.ts'
import type { ProbeRecord } from '../model/probe.ts'
import type { Problem } from '../model/problem.ts'
import type { OutputPlan, RunDefinition, RunState } from '../model/run.ts'
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
  /** Asks whoever drives the run, now or later, to cancel it. Needs no lock; may be repeated. */
  requestCancel(id: string): Promise<void>
  /** Forgets a run and everything of it in the store; its files are the caller's. */
  dropRun(id: string): Promise<void>
  /** Everything at any provider that an attempt of any run here made or took over. */
  knownRemotes(): Promise<readonly KnownRemote[]>
  /** Keeps what a live probe has shown; nothing is ever overwritten. */
  addProbe(probe: ProbeRecord): Promise<void>
  /** What live probes have shown, newest first. */
  probes(): Promise<readonly ProbeRecord[]>
  close(): Promise<void>
}

/** The memory of one run. Reading verbs may be used by any process at any time. */
export interface RunStore {
  readonly id: string
  record(): Promise<RunRecord>
  /** Moves the run along the table of moves; a move that is not allowed from the state found throws. */
  moveRun(to: RunState, reason?: string | null): Promise<void>
  /** Opens a finished run again, so that what was given back to `pending` is sent. */
  reopenRun(): Promise<void>
  /** Replaces what steers the run and does not define it. */
  steerRun(output: OutputPlan): Promise<void>
  /** Remembers whose account the run's batches live in, once the provider has confirmed it. */
  bindAccount(account: string): Promise<void>

  // While preparing
  addRows(rows: readonly NewRow[]): Promise<void>
  /**
   * Adds a batch with its requests and its first attempt, planned. Requests that were there before must be pending, so
   * that none is ever in two living batches; otherwise it throws `conflict` and adds nothing.
   */
  addBatch(batch: NewBatchRecord): Promise<void>
  /** Ends preparing: the run is `ready`, and its rows and requests never change again. */
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
  /** Commits the intent and moves the attempt from `uploaded` to `creating`; only then may the POST be made. */
  openIntent(attemptKey: number, record: IntentFacts): Promise<IntentRecord>
  /** Records what became of the POST and moves the attempt, in one transaction. */
  closeIntent(key: number, answer: IntentAnswer, to: Stage, changes?: AttemptChanges): Promise<AttemptRecord>
  /** The intents of an attempt, oldest first. */
  intents(attemptKey: number): Promise<readonly IntentRecord[]>
  /**
   * Ends an attempt that never became a batch, or whose batch was refused unbilled, and starts the next one of the
   * same batch, planned. An open intent of the old one is answered with `proved_absent`.
   */
  replaceAttempt(options: {
    readonly key: number
    readonly from: Stage
    readonly to: 'abandoned' | 'rejected'
    readonly next: NewAttempt
    readonly changes?: AttemptChanges
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
  /** Whether a create of this run was ever prepared here, and whether a batch was taken over from elsewhere. */
  origin(): Promise<{ readonly hasIntents: boolean; readonly hasAdopted: boolean }>
  /** Ends an attempt that was never created and gives its requests back to `pending`, to be cut into other batches. */
  releaseAttempt(key: number, from: Stage): Promise<void>
  /** Remembers a remote batch that was seen to carry our marker; never forgotten, never overwritten. */
  addRemoteBatch(attemptKey: number, remote: RemoteBatchFacts): Promise<void>
  remoteBatches(attemptKey: number): Promise<readonly RemoteBatchFacts[]>

  // Requests and results
  /** The requests of a batch in file order, a page at a time. */
  requestsOf(batchKey: number, afterOrdinal: number, most: number): Promise<readonly StoredRequest[]>
  /** True where requests wait to be planned into a batch; asked often, so it never reads all requests. */
  hasPending(): Promise<boolean>
  /** Requests that wait to be planned into a batch, by ordinal, a page at a time. */
  pendingRequests(afterOrdinal: number, most: number): Promise<readonly PendingRequest[]>
  /** Records results of an attempt; recording the same ones again changes nothing. */
  addResults(attemptKey: number, results: readonly NewResult[]): Promise<void>
  /**
   * Ends collection: every request of the attempt takes the state its result says, and the attempt moves from `ended`
   * to `collected` (or `rejected`, where the batch was refused as a whole).
   */
  settleAttempt(key: number, to: 'collected' | 'rejected', changes?: AttemptChanges): Promise<AttemptRecord>
  /** Gives requests in these final states back to `pending`, for `retry`; returns how many. */
  reopenRequests(statuses: readonly OutcomeStatus[], billed: readonly Billed[]): Promise<number>
  /** Ends every attempt that was not sent, and gives its requests and the pending ones the outcome `cancelled`. */
  cancelUnsent(): Promise<void>
  /** Rows with the place of their result, in input order, a page at a time. */
  rowResults(afterRow: number, most: number): Promise<readonly RowResultRecord[]>
  counts(): Promise<RequestCounts>
  usage(): Promise<readonly UsageTotal[]>
  /** The most frequent reasons of requests that did not succeed. */
  failureReasons(most: number): Promise<readonly FailureReason[]>

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
  readonly reason: string | null
  readonly rowCount: number
  readonly requestCount: number
  /** sha256 over the frozen rows and the ordered requests with their targets; equal for the same work. */
  readonly rowsHash: string | null
  readonly requestsHash: string | null
  /** Columns of the input, in order of appearance. */
  readonly columns: readonly string[]
  /** A salted digest of the key and scope its batches were made with; never the key. Null before the first call. */
  readonly account: string | null
  /** When the user asked to cancel it; null when not asked, or asked and opened again since. */
  readonly cancelRequestedAt: number | null
  readonly finishedAt: number | null
}

export interface SealedFacts {
  /** Unique among the runs of the home. */
  readonly name: string | null
  readonly rowCount: number
  readonly requestCount: number
  readonly rowsHash: string
  readonly requestsHash: string
  readonly columns: readonly string[]
}

export interface NewRow {
  readonly ordinal: number
  readonly line: number
  readonly id: string | null
  readonly problem: Problem | null
}

export interface NewBatchRecord {
  readonly target: Target
  readonly requests: readonly PlannedRequest[]
  readonly contentHash: string
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
  /** 1-based number of the attempt within its batch. */
  readonly number: number
  readonly target: Target
  readonly requestCount: number
  readonly contentHash: string
  readonly stage: Stage
  /** The nonce of the batch's first attempt, which its first input file was encoded with. */
  readonly firstNonce: string
  readonly firstInputName: string
  readonly inputFileId: string | null
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
  /** Why it waits or is held: a code and a sentence; null otherwise. */
  readonly reasonCode: string | null
  readonly reason: string | null
  /** The stage it was held in, to which clearing the hold leads back. */
  readonly heldFrom: Stage | null
  /** When a listing showed whether this create was repeated by something between us and the provider. */
  readonly auditedAt: number | null
}

/** The steps of proving that a create did not happen, in order. */
export const RECONCILE_STEPS = ['first_listing', 'second_listing', 'fence', 'third_listing', 'unfenced'] as const

export type ReconcileStep = (typeof RECONCILE_STEPS)[number]

/** What may change on an attempt besides its stage. */
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
  readonly inputFileId: string
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

export interface RemoteBatchFacts {
  readonly id: string
  readonly seenAt: number
  /** `ours`: the one that is used. `adopted`: the same, made by another home. `duplicate`: an extra one of a resend. */
  readonly role: 'ours' | 'adopted' | 'duplicate'
}

/** What a run of this home knows to be its own at a provider. */
export interface KnownRemote {
  readonly runId: string
  readonly nonce: string
  readonly inputFileId: string | null
  readonly outputFileId: string | null
  readonly errorFileId: string | null
  readonly batchId: string | null
}

export interface StoredRequest extends Omit<PlannedRequest, 'row'> {
  /** Tries that counted so far. */
  readonly tries: number
}

/** A request that waits, with the place of its frozen line. */
export interface PendingRequest extends StoredRequest {
  readonly target: Target
  readonly inputName: string
  /** The nonce under which the line in that file was encoded. */
  readonly nonce: string
}

/** The result of a request in an attempt, and where its raw line lies in the attempt's files. */
export interface NewResult {
  readonly ordinal: number
  readonly status: OutcomeStatus
  readonly code: string | null
  readonly reason: string | null
  readonly billed: Billed
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly cachedTokens: number | null
  readonly reasoningTokens: number | null
  readonly model: string | null
  readonly file: 'output' | 'error' | null
  readonly offset: number | null
  readonly length: number | null
  /** What the request becomes: this result is final, or it is sent again. */
  readonly verdict: 'final' | 'again'
  /** False where the try does not count against the tries of the request. */
  readonly countsAsTry: boolean
}

export interface RowResultRecord {
  readonly row: number
  readonly line: number
  readonly id: string | null
  readonly problem: Problem | null
  /** Null for a row without a request. */
  readonly request: number | null
  /** `pending` and `batched` while there is no final result. */
  readonly state: OutcomeStatus | 'pending' | 'batched' | null
  readonly tries: number
  readonly target: Target | null
  /** The final result, null while there is none. */
  readonly result: (NewResult & { readonly attemptKey: number; readonly nonce: string }) | null
}

/** Requests by state; rows that were skipped for a problem have no request and count as `skipped`. */
export type RequestCounts = Readonly<Record<OutcomeStatus | 'pending' | 'batched' | 'skipped', number>>

/** Tokens of all recorded results, final or not, by the model asked for. */
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

export interface FailureReason {
  readonly status: OutcomeStatus
  readonly code: string | null
  readonly reason: string | null
  readonly count: number
}

/** Something the user may want to take up with the provider, such as a batch that was made twice. */
export interface Incident {
  readonly at: number
  readonly kind: 'duplicate_batch' | 'conflicting_results' | 'unknown_ids' | 'unreadable_lines'
  readonly detail: string
  readonly remoteIds: readonly string[]
}
