import type { RemoteStatus, Stage } from '../../model/attempt.ts'
import type { BatchKind } from '../../model/batch.ts'
import type { Reason, ReasonCode } from '../../model/reason.ts'
import type { Target } from '../../model/target.ts'

/** Attempts of a run, and the remote batches that they made or took over. */
export interface AttemptCatalog {
  /** The newest attempt of each batch, in order of their batches. */
  currentAttempts(): Promise<readonly AttemptRecord[]>
  /**
   * Those of them to which something may still happen. Of each target's batches that were not sent, only so many that are
   * to be sent next: a round has room for few, and there may be thousands. @default all
   */
  unfinishedAttempts(mostUnsent?: number): Promise<readonly AttemptRecord[]>
  /** Every attempt whose create was answered and of which no audit has shown that it was made once only; oldest first. */
  unauditedAttempts(): Promise<readonly AttemptRecord[]>
  /** The newest attempt of one batch. */
  currentAttempt(batchKey: number): Promise<AttemptRecord>
  /** Every attempt of the run, oldest first. */
  allAttempts(): Promise<readonly AttemptRecord[]>
  /** Moves an attempt along the table of moves, with what was learnt on the way; throws when another state is found. */
  moveAttempt(key: number, from: Stage, to: Stage, changes?: AttemptChanges): Promise<AttemptRecord>
  /**
   * Records what was seen or scheduled without moving the attempt. With the `nextAt` that the caller found before, it stays
   * as it is where it was changed since: a webhook that came meanwhile still makes the next look due.
   */
  noteAttempt(key: number, changes: AttemptChanges, seenNextAt?: number): Promise<AttemptRecord>
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

/** Manner of giving up an attempt. */
export interface ReleaseOptions {
  /** Keeps what was set aside for it so, because nothing was proved. @default false */
  readonly mayBeBilled?: boolean
  /** @default 'rejected' from `ended`, else 'abandoned' */
  readonly to?: 'abandoned' | 'rejected'
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

/** Tokens of all recorded results, final or not, by the model asked for; those of another run are not among them. */
export interface UsageTotal {
  readonly target: Target
  readonly results: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly cachedTokens: number
  readonly reasoningTokens: number
  readonly cacheWriteTokens: number
  readonly hourWriteTokens: number
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
