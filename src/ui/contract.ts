import type { RemoteStatus, Stage } from '../model/attempt.ts'
import type { BatchKind } from '../model/batch.ts'
import type { Billed, OutcomeStatus } from '../model/outcome.ts'
import type { Priority, RunState } from '../model/run.ts'

// Answers of the page's server: types alone, so that the page takes nothing of the server with it.
//
// Everything is JSON. Instants (`…At`) are epoch milliseconds, durations end in `Ms`, money in `Usd`, sizes in `Bytes`.
// `null` means: not known, or not there; never zero. Every text may come from a model, a provider or a user, and is data:
// it may hold markup, escape sequences and marks that reorder text.
//
// Routes, all below the address that the command prints; all need the cookie (or `Authorization: Bearer TOKEN`):
//
//   GET  /api/session                     Session
//   GET  /api/runs                        RunList             ?limit ?cursor
//   GET  /api/runs/:run                   RunDetail
//   GET  /api/runs/:run/batches           BatchPage           ?limit ?cursor
//   GET  /api/runs/:run/events            EventPage           ?limit ?cursor
//   GET  /api/runs/:run/values            ValuePage           ?field ?cursor
//   GET  /api/runs/:run/rows              RowPage             ?limit ?cursor ?at and the filters of RowFilter
//   GET  /api/runs/:run/rows/:row         RowDetail           `:row` is `RowLine.row`
//   GET  /api/runs/:run/rows/:row/text    text/plain, whole   ?part=input|request|answer|raw
//   GET  /api/compare                     CompareAnswer       ?a ?b ?by ?gold ?field ?ignoreCase=1 ?limit
//   GET  /api/remote                      RemoteAnswer        ?provider ?sinceMs; asks the providers, so only on a wish
//   GET  /api/live                        server-sent events  LiveEvents, by name
//   POST /api/runs/:run/cancel            ActionDone          body CancelBody     only where `areActionsAllowed`
//   POST /api/runs/:run/resume            ActionDone          body ResumeBody     only where `areActionsAllowed`
//   POST /api/runs/:run/cap               ActionDone          body CapBody        only where `areActionsAllowed`
//   POST /api/runs/:run/adopt             AdoptionDone        body AdoptBody      only where `areActionsAllowed`
//
// `:run`, `?a` and `?b` take what the command takes: an id, a unique beginning of one, a name, or `last`.
// A cursor is opaque; it comes from the answer before and belongs to the same path and the same other parameters.
// Every other answer is an ApiError with a status of 400 or above. A POST needs the content type application/json.

/** Error of any route. */
export interface ApiError {
  readonly error: {
    /** A word such as `not_found`, `usage`, `unauthorized`, `foreign_host`, `foreign_origin`, `not_allowed`, `busy`. */
    readonly code: string
    /** What happened, and to which thing. */
    readonly message: string
    /** What to do next; empty where there is nothing to say. */
    readonly next: string
  }
}

/** Facts of the server that the page is open at. */
export interface Session {
  /** Of llm-batch. */
  readonly version: string
  /** The home as people call it: a folder, or an address without a password. */
  readonly home: string
  /** True where the POST routes are there. */
  readonly areActionsAllowed: boolean
  /** The clock of the server, to count ages by. */
  readonly now: number
}

// ---------------------------------------------------------------------------------------------------------------- runs

/** Rows by where they stand: their outcome; `skipped` for a problem; `batched`, in a batch; `pending`, in none yet. */
export type RowCounts = Readonly<Record<OutcomeStatus | 'pending' | 'batched' | 'skipped', number>>

/** Place of a batch on its way, in the words shown to people. */
export type BatchPhase =
  | 'planned'
  | 'asking'
  | 'uploading'
  | 'waiting'
  | 'unfunded'
  | 'unconfirmed'
  | 'queued'
  | 'running'
  | 'finalizing'
  | 'checking'
  | 'held'
  | 'collected'

/** Money of a run. */
export interface Spent {
  /** By the usage that was told; null where a part of it has no price. */
  readonly totalUsd: number | null
  /** The same tokens bought in synchronous calls. */
  readonly synchronousUsd: number | null
  readonly savedUsd: number | null
  /** Set aside for what is at the provider, in doubt, or was answered without a usage. */
  readonly reservedUsd: number
  /** The cap in force; null where there is none. `totalUsd + reservedUsd` is spent of it. */
  readonly capUsd: number | null
}

/** The queue of one model at its provider, over all runs of the home: "1.2 M of 2 M tokens". */
export interface QueueStanding {
  readonly provider: string
  readonly model: string
  /** Input tokens, estimated, and requests of all batches that count as waiting or at work there. */
  readonly usedTokens: number
  readonly usedRequests: number
  /** What may be there at once; null where no limit is known. */
  readonly limitTokens: number | null
  readonly limitRequests: number | null
  /** Batches of this run that wait for room in it. */
  readonly waitingBatches: number
}

/** One thing that a person may want to know now: what a batch waits for, why it is held. */
export interface WaitNote {
  readonly batch: number
  readonly text: string
  /** When it is looked at again; null where the wait has no such end. */
  readonly until: number | null
}

/** A run in the list, and in live events. */
export interface RunSummary {
  readonly id: string
  readonly name: string | null
  readonly state: RunState
  /** Why it is held or paused; null otherwise. */
  readonly reason: string | null
  /** True while a process works on it. */
  readonly isWorkedOn: boolean
  /** True where it is `running` or `cancelling`, and neither a process nor a worker of the home works on it. */
  readonly isLeft: boolean
  readonly provider: string
  /** Null where the lines of the input name their own models. */
  readonly model: string | null
  /** The files of the input; `-` for standard input, none for rows from a program. */
  readonly inputs: readonly string[]
  readonly priority: Priority
  readonly createdAt: number
  readonly finishedAt: number | null
  readonly deadlineAt: number | null
  readonly rows: number
  readonly requests: number
  /** Rows that have their final record, usable or not. */
  readonly doneRows: number
  /** Those of them without a usable answer, skipped ones included. */
  readonly failedRows: number
  readonly counts: RowCounts
  /** Rows answered by an earlier run, and rows that share the request of an earlier row. */
  readonly carriedRows: number
  readonly sharedRows: number
  /** Batches by where they stand; without rows that were asked directly, once these are done. */
  readonly batches: Readonly<Record<BatchPhase, number>>
  /** Requests that providers say they have executed in batches that are still there. For display only. */
  readonly executedThere: number
  /** Of the batches at the provider: when the oldest was made, when the first runs out, and when one is looked at next. */
  readonly oldestOpenAt: number | null
  readonly expiresAt: number | null
  readonly nextLookAt: number | null
  readonly spent: Spent
  /** Queues that batches of this run wait for. */
  readonly queues: readonly QueueStanding[]
  /** At most ten; `waits` tells how many there are. */
  readonly notes: readonly WaitNote[]
  readonly waits: number
}

/** Runs of the home, newest first. */
export interface RunList {
  readonly runs: readonly RunSummary[]
  /** Of the whole home. */
  readonly total: number
  readonly next: string | null
  /** Workers that are at work in the home. */
  readonly workers: readonly WorkerSeen[]
}

/** A worker of the home that is at work. */
export interface WorkerSeen {
  /** Its machine and process. */
  readonly place: string
  readonly startedAt: number
  readonly seenAt: number
}

// ------------------------------------------------------------------------------------------------------------- one run

/** One run, but for its batches, rows and events, which have pages of their own. */
export interface RunDetail extends RunSummary {
  readonly asked: RunAsked
  readonly answers: AnswersPlace
  /** Cost and tokens by model, the dearest first. */
  readonly models: readonly ModelSpent[]
  /** Rows that did not succeed, by cause, the most frequent first; at most 50. */
  readonly causes: readonly Cause[]
  /** Rows that belong to none of these. */
  readonly otherCauseRows: number
  readonly throughput: Throughput
  readonly incidents: readonly RunIncident[]
  /** Rows without a usable answer: those that a plain `retry` sends again for nothing, and those that were billed. */
  readonly retryableRows: { readonly unbilled: number; readonly billed: number; readonly billedUsd: number | null }
  /** Rows whose answers did not fit the schema and were asked for again; null for a run without a schema. */
  readonly reasked: { readonly rows: number; readonly requests: number } | null
  /** Fields of the answers by the schema of the run, such as `label` or `address.city`; empty where it has none. */
  readonly fields: readonly string[]
  /** Columns of the input, in order. */
  readonly columns: readonly string[]
  /** Numbers of batches that there are, to filter rows by. */
  readonly batchCount: number
}

/** Question of a run, as far as all its rows share it. */
export interface RunAsked {
  readonly endpoint: string | null
  readonly baseUrl: string
  readonly system: string | null
  /** The template; null where a function made the prompts, or rows carry them. Cut after 20,000 characters. */
  readonly prompt: string | null
  readonly maxTokens: number | null
  readonly temperature: number | null
  readonly hasSchema: boolean
  readonly maxReasks: number
}

/** Place of the answers file. */
export interface AnswersPlace {
  /** Null where answers are read through the library, `-` for standard output. */
  readonly path: string | null
  /** True where a file lies there and the run is finished. */
  readonly isThere: boolean
}

/** Cost and tokens of one model. */
export interface ModelSpent {
  readonly provider: string
  readonly endpoint: string
  readonly model: string
  readonly totalUsd: number | null
  readonly synchronousUsd: number | null
  /** The day of the price; null for the user's own and for unknown ones. */
  readonly pricedAsOf: string | null
  readonly results: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly cachedTokens: number
  readonly reasoningTokens: number
  /** Billed results without a usage: their cost is not known. */
  readonly withoutUsage: number
}

/** Cause for which rows did not succeed. `status` and `code` filter exactly these rows. */
export interface Cause {
  readonly status: OutcomeStatus
  readonly code: string | null
  /** What was said of one of them. */
  readonly reason: string | null
  readonly rows: number
  /** One of the rows; null where it could not be found cheaply. */
  readonly example: { readonly row: number; readonly id: string } | null
}

/**
 * Requests that came to an end, counted by equal pieces of time, each request in the piece in which its batch ended. For rows
 * a minute: `ended[i] * 60_000 / pieceMs`.
 */
export interface Throughput {
  readonly startAt: number
  readonly pieceMs: number
  /** At most 120 pieces; empty where no batch has ended. */
  readonly ended: readonly number[]
}

/** Something that must not happen at a provider. */
export interface RunIncident {
  readonly at: number
  readonly kind: string
  readonly detail: string
  readonly remoteIds: readonly string[]
}

// ------------------------------------------------------------------------------------------------------------- batches

/** The newest attempt of a batch, for a bar over time: planned, uploaded, submitted, ended. */
export interface BatchBar {
  /** 1-based within the run. */
  readonly batch: number
  readonly kind: BatchKind
  /** 1-based within the batch; those before it came to nothing. */
  readonly attempt: number
  readonly phase: BatchPhase
  readonly stage: Stage
  readonly provider: string
  readonly endpoint: string
  readonly model: string
  readonly requests: number
  /** Input tokens, estimated. */
  readonly tokens: number
  readonly remoteId: string | null
  readonly remoteStatus: RemoteStatus | null
  /** The provider's own word. */
  readonly rawStatus: string | null
  /** What the provider counts; null where it does not. */
  readonly remoteCompleted: number | null
  readonly remoteFailed: number | null
  readonly plannedAt: number
  readonly uploadedAt: number | null
  readonly submittedAt: number | null
  readonly endedAt: number | null
  /** When it runs out at the provider, as told or as counted from its hours. */
  readonly expiresAt: number | null
  /** Until when results are kept that are not here yet. */
  readonly resultsUntil: number | null
  /** When it is looked at next; null once it has ended. */
  readonly nextAt: number | null
  readonly polls: number
  /** Failed calls in a row. */
  readonly failures: number
  /** What it waits for or why it is held. */
  readonly reason: string | null
  /** Its requests as they stand, without those that a newer batch has taken over. */
  readonly counts: Readonly<Partial<Record<OutcomeStatus | 'pending' | 'batched', number>>>
  readonly costUsd: number | null
}

/** Batches by number; at most 500 in a page. */
export interface BatchPage {
  readonly batches: readonly BatchBar[]
  readonly total: number
  readonly next: string | null
}

// -------------------------------------------------------------------------------------------------------------- events

/**
 * A line of the run's log: `type` and the fields of that type as docs/events.md tells them (`prepared`, `run`, `batch`,
 * `warning`, `incident`).
 */
export interface LoggedEvent {
  /** ISO 8601, UTC, as in the log. */
  readonly at: string
  readonly type: string
  readonly [field: string]: unknown
}

/** Events, the newest first; at most 200 in a page. `next` leads to older ones. */
export interface EventPage {
  readonly events: readonly LoggedEvent[]
  readonly next: string | null
}

// ---------------------------------------------------------------------------------------------------------------- rows

/** Filters of rows; all that are given must hold. As parameters: `status=failed&status=expired&asked=2`. */
export interface RowFilter {
  /** What became of the row; several are alternatives. `skipped` rows have a problem in the input. */
  readonly status?: readonly (OutcomeStatus | 'pending' | 'skipped')[]
  /** The code of the error, whole. `code=` with no text: rows whose outcome has no code. */
  readonly code?: string
  /** Rows that the batch of this number holds, or held before a newer one took them over. */
  readonly batch?: number
  /** Rows that were sent at least so often: tries and questions together. */
  readonly asked?: number
  /** Rows with this in a column, the answer, the error or the id, in upper or lower case. */
  readonly q?: string
}

/**
 * Some rows in input order. One request looks at a bounded piece of the run: where a search or a rare filter has found too
 * few in it, `rows` is short or empty and `next` is not null. Ask again with it until the page is full.
 */
export interface RowPage {
  readonly rows: readonly RowLine[]
  /** Rows of the run. */
  readonly total: number
  /** Rows that fit the filter, where the counts of the run tell; null where only a whole search would. */
  readonly fitting: number | null
  /** The rows from `from` up to and without `lookedTo` were looked at, by number of `RowLine.row`. */
  readonly from: number
  readonly lookedTo: number
  /** Leads on from `lookedTo`; null after the last row. */
  readonly next: string | null
}

/** A row in the list; texts are cut. */
export interface RowLine {
  /** Position in the run, from 0; `?at=` begins a page there. */
  readonly row: number
  /** The line of the input, from 1, and its file where there are several. */
  readonly line: number
  readonly source: string | null
  /** The user's own id, else the line as text. */
  readonly id: string
  readonly status: OutcomeStatus | 'pending' | 'skipped'
  /** Whether a batch holds it just now, of a row that is `pending`. */
  readonly isOnItsWay: boolean
  readonly code: string | null
  readonly error: CutText | null
  /** The columns that the prompt is about, else the whole record. */
  readonly input: CutText
  readonly answer: CutText | null
  /** The newest batch that holds it; null where none does. */
  readonly batch: number | null
  /** Tries of its request, and questions that it was asked because answers did not fit. */
  readonly tries: number
  readonly questions: number
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly costUsd: number | null
  /** True where an earlier row was asked the same and bears the cost. */
  readonly isShared: boolean
}

/** A text, or its beginning. */
export interface CutText {
  readonly text: string
  readonly isCut: boolean
}

/** One row whole. Texts are cut at one megabyte; `/text` gives them whole. */
export interface RowDetail {
  readonly line: RowLine
  /** The row before it and the one after it; null at an end. */
  readonly before: number | null
  readonly after: number | null
  /** The record of the input, as JSON text. */
  readonly input: CutText
  /** What is wrong with a row that was skipped. */
  readonly problem: { readonly code: string; readonly detail: string } | null
  /** The request as it was frozen; null for a row without one. */
  readonly request: SentRequest | null
  readonly answer: CutText | null
  /** True where the answer is JSON, whole. */
  readonly isJson: boolean
  /** The error in full. */
  readonly error: string | null
  readonly finishReason: string | null
  /** As the provider names the model that answered. */
  readonly answeredBy: string | null
  /** The result line as the provider wrote it. */
  readonly raw: CutText | null
  /** True where the raw line is no longer what was collected. */
  readonly isDamaged: boolean
  /** How it was asked, the oldest first: every batch that holds or held it. */
  readonly asked: readonly RowAsked[]
  /** Who its answer was bought for; null while there is none. */
  readonly boughtFor: 'this_row' | 'earlier_row' | 'another_run' | null
  /** The run that the answer was carried over from. */
  readonly carriedFrom: string | null
}

/** The request of a row. */
export interface SentRequest {
  readonly endpoint: string
  readonly model: string
  /** The id under which it was sent last. */
  readonly wireId: string
  /** The body as JSON text. */
  readonly body: CutText
  /** The same as turns of a conversation; null where the body has none. */
  readonly turns: readonly { readonly role: string; readonly text: string }[] | null
}

/** A row in one batch that holds or held it. */
export interface RowAsked {
  readonly batch: number
  readonly kind: BatchKind
  readonly model: string
  /** How often the question was asked anew before, because an answer did not fit. */
  readonly question: number
  readonly remoteId: string | null
  readonly submittedAt: number | null
  readonly endedAt: number | null
  /**
   * Its outcome there, final or not; `open` while it is on its way, `returned` where it came back unanswered and went, or is
   * to go, into another batch, `given_up` where the run was cancelled.
   */
  readonly status: OutcomeStatus | 'open' | 'returned' | 'given_up'
  readonly code: string | null
  readonly reason: string | null
  readonly billed: Billed | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
}

// -------------------------------------------------------------------------------------------------------------- values

/**
 * Counts of the values of one field of the answers, over a piece of the run. Add up the pages that `next` leads to, by
 * value, for the whole; show meanwhile that the counts are of rows 0 to `lookedTo`.
 */
export interface ValuePage {
  /** The field; empty for answers that are text as a whole. Without `?field` the first one that has labels. */
  readonly field: string
  /** Fields that answers in this piece have, with those of the schema; `[]` stands for members of a list: `tags[]`. */
  readonly fields: readonly string[]
  readonly values: readonly { readonly value: string; readonly rows: number; readonly exampleRow: number }[]
  /** Values that are too long for a label, and values after the first thousand different ones. */
  readonly otherRows: number
  /** Rows with a usable answer in this piece. */
  readonly answeredRows: number
  readonly from: number
  readonly lookedTo: number
  readonly total: number
  readonly next: string | null
}

// ------------------------------------------------------------------------------------------------------------- compare

/**
 * Two runs side by side on the rows that both have. Comparing large runs takes longer than one request: while it is
 * `working`, ask for the same address again after a second. The server gives up what is not asked for within a minute.
 */
export type CompareAnswer = CompareWorking | CompareDone

/** A comparison that is not finished. */
export interface CompareWorking {
  readonly state: 'working'
  readonly comparedRows: number
  /** Of the run with fewer rows. */
  readonly totalRows: number
}

/** A finished comparison. */
export interface CompareDone {
  readonly state: 'done'
  readonly runs: readonly [ComparedSide, ComparedSide]
  readonly joinedBy: 'place' | 'id' | 'column'
  /** Rows that both have. */
  readonly rows: number
  /** Of these, without a result in one of them. */
  readonly pendingRows: number
  readonly differentRows: number
  /** Both answered, and of these, the same after trimming (or by the values of JSON). */
  readonly bothAnsweredRows: number
  readonly equalRows: number
  /** The right answers, where `gold` named a column. */
  readonly accuracy: CompareAccuracy | null
  /** The first rows that differ; at most 200. */
  readonly differences: readonly RowDifference[]
}

/** One of two runs. */
export interface ComparedSide {
  readonly id: string
  readonly name: string | null
  readonly model: string | null
  readonly answeredRows: number
  /** Rows that the other run does not have. */
  readonly aloneRows: number
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly costUsd: number | null
}

/** Which of two runs is right more often. */
export interface CompareAccuracy {
  /** Rows with a right answer and a result in both. */
  readonly rows: number
  readonly right: readonly [number, number]
  /** 95 % intervals of the share of right rows, from 0 to 1. */
  readonly intervals: readonly [readonly [number, number], readonly [number, number]]
  /** Of McNemar's exact test; under 0.05 one is called better. */
  readonly p: number | null
  readonly better: 'a' | 'b' | null
}

/** A row on which two runs differ. */
export interface RowDifference {
  /** Place in the first and in the second run, as in `RowLine.row`. */
  readonly rows: readonly [number, number]
  readonly id: string
  readonly input: CutText
  readonly statuses: readonly [string, string]
  readonly answers: readonly [CutText | null, CutText | null]
  readonly errors: readonly [CutText | null, CutText | null]
  readonly right: string | null
}

// -------------------------------------------------------------------------------------------------------------- remote

/** Batches and files at providers that no run of the home knows. */
export interface RemoteAnswer {
  readonly lookedAt: number
  readonly sinceAt: number
  readonly providers: readonly RemoteProvider[]
}

/** Batches and files at one provider that no run of the home knows. */
export interface RemoteProvider {
  readonly provider: string
  readonly baseUrl: string
  readonly batches: readonly UnknownRemoteBatch[]
  readonly files: readonly UnknownRemoteFile[]
  /** Why there may be more than was listed; empty where the list is whole. */
  readonly doubts: readonly string[]
  /** Why it could not be asked at all; null where it was. */
  readonly failure: string | null
}

/** A batch that no run of the home knows. */
export interface UnknownRemoteBatch {
  readonly id: string
  /** True where llm-batch made it, in another home. */
  readonly isOurs: boolean
  readonly status: RemoteStatus
  readonly rawStatus: string
  readonly requests: number | null
  readonly createdAt: number | null
  readonly inputFileId: string | null
  /** The unsent batch of a run here whose place it can take. */
  readonly adoptableInto: { readonly run: string; readonly batch: number } | null
}

/** A file that no run of the home knows. */
export interface UnknownRemoteFile {
  readonly id: string
  readonly isOurs: boolean
  readonly name: string | null
  readonly bytes: number | null
  readonly createdAt: number | null
  readonly inputOf: readonly string[]
  readonly resultsOf: readonly string[]
}

// ------------------------------------------------------------------------------------------------------------- actions

/** Asks the run to be cancelled, as the command does. */
export interface CancelBody {
  readonly confirm: true
}

/**
 * Takes up held batches again and has the run go on: by the workers of the home where any are at work, else by the server,
 * until it is finished, held, or the server stops.
 */
export interface ResumeBody {
  readonly confirm: true
}

/** Sets the most that the run may cost; it must be more than what is spent. */
export interface CapBody {
  readonly confirm: true
  readonly maxCostUsd: number
}

/** Takes over batches that another home made of the same work; without ids all that fit. */
export interface AdoptBody {
  readonly confirm: true
  readonly ids?: readonly string[]
}

/** Result of an action: what was done, in one sentence, and the run as it is now. */
export interface ActionDone {
  readonly message: string
  readonly run: RunSummary
}

/** Result of taking over batches. */
export interface AdoptionDone extends ActionDone {
  readonly adopted: readonly { readonly batch: number; readonly remoteId: string; readonly rawStatus: string }[]
  /** Batches of the same work besides those. */
  readonly extra: readonly string[]
  readonly doubt: string | null
}

// ---------------------------------------------------------------------------------------------------------------- live

/**
 * Server-sent events by name, each with JSON data. After a connection is made, `hello` comes first and then a `run` for every
 * run that is not finished; from then on a `run` whenever one has changed, at most once a second. A page of one run fetches
 * the run, its batches and its events again when `run` names it. The browser connects again by itself.
 */
export interface LiveEvents {
  readonly hello: { readonly now: number; readonly version: string }
  readonly run: RunSummary
  readonly removed: { readonly id: string }
  /** Every 15 seconds in which nothing else came. */
  readonly beat: { readonly now: number }
  /** The home could not be read; `error` as in ApiError. It is looked at again after a while. */
  readonly trouble: ApiError
}
