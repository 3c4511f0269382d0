import type { Reason } from '../model/reason.ts'
import type { AttemptChanges, AttemptRecord, AttemptUsage } from './port/attempt.ts'

/** A reason as it is stored. */
export function reasonJson(reason: Reason | null): string | null {
  return reason === null ? null : JSON.stringify(reason)
}

/** A stored reason. */
export function reasonFrom(json: string | null): Reason | null {
  return json === null ? null : (JSON.parse(json) as Reason)
}

/** Columns of an attempt that may change after it was made, by the name they have in records. */
const CHANGING = {
  inputFileId: 'input_file_id',
  remoteId: 'remote_id',
  remoteStatus: 'remote_status',
  rawStatus: 'raw_status',
  outputFileId: 'output_file_id',
  errorFileId: 'error_file_id',
  remoteTotal: 'remote_total',
  remoteCompleted: 'remote_completed',
  remoteFailed: 'remote_failed',
  remoteCreatedAt: 'remote_created_at',
  expiresAt: 'expires_at',
  submittedAt: 'submitted_at',
  endedAt: 'ended_at',
  lastPollAt: 'last_poll_at',
  polls: 'polls',
  failures: 'failures',
  nextAt: 'next_at',
  reconcileStep: 'reconcile_step',
  reasonCode: 'reason_code',
  reason: 'reason',
  heldFrom: 'held_from',
  auditedAt: 'audited_at',
  waitingSince: 'waiting_since',
  uploadedAt: 'uploaded_at',
} as const satisfies Record<keyof AttemptChanges, string>

const FIXED = {
  key: 'key',
  batchKey: 'batch',
  number: 'number',
  nonce: 'nonce',
  inputName: 'input_name',
  inputBytes: 'input_bytes',
  inputSha256: 'input_sha256',
  createdAt: 'created_at',
  stage: 'stage',
  usage: 'usage',
} as const

/** An attempt as the statement below gives it: the record, but for the target's three columns and JSON. */
export type AttemptRow = Omit<AttemptRecord, 'target' | 'reason' | 'usage'> & {
  provider: string
  endpoint: string
  model: string
  reason: string | null
  usage: string
}

/** Tokens that must be counted before an estimate is believed to be too high by much: a few rows may be short by chance. */
const DOUBT_TOKENS = 10_000

/**
 * True tokens for each estimated one, of rates `t`. A rate below one is believed as far as the evidence goes, because
 * queues and money are set aside by it; one above at once.
 */
export const TRUE_RATE = `case when t.actual > t.estimated then t.actual / t.estimated
  else (t.actual + ${DOUBT_TOKENS}) / (t.estimated + ${DOUBT_TOKENS}) end`

/** Estimated input tokens of batch `b` with attempt `a`, calibrated by rate `t`; from its bytes where none are stored. */
export const CALIBRATED_TOKENS = `round(coalesce(b.tokens, a.input_bytes / 4) * coalesce(${TRUE_RATE}, 1))`

/** Joins the rate that collected batches have shown to batch `b`. */
export const JOIN_RATES = `left join token_rates t on t.provider = b.provider and t.base_url = b.base_url
    and t.model = b.model and t.method = coalesce(b.token_method, 'bytes')`

/** Selects attempts of a run with what they need of their batch; a `where` may follow. */
export const SELECT_ATTEMPTS = `
  select ${Object.entries({ ...FIXED, ...CHANGING })
    .map(([name, column]) => `a.${column} as "${name}"`)
    .join(', ')},
    b.number as "batch", b.kind as "kind", b.provider as "provider", b.endpoint as "endpoint", b.model as "model",
    b.request_count as "requestCount", b.content_hash as "contentHash",
    b.most_output_tokens as "mostOutputTokens",
    ${CALIBRATED_TOKENS} as "tokens", f.nonce as "firstNonce", f.input_name as "firstInputName"
  from attempts a join batches b on b.key = a.batch join attempts f on f.batch = a.batch and f.number = 1
  ${JOIN_RATES}`

/** Tells of attempt `a` that something may still happen to it, in the words of the index that finds them. */
export const UNFINISHED = `a.stage not in ('collected', 'rejected', 'abandoned', 'cancelled')`

/** The same of an attempt that is not just planned: of those there may be very many. */
export const BEGUN = `a.stage not in ('planned', 'collected', 'rejected', 'abandoned', 'cancelled')`

/** Tells of attempt `a` that it was told of a full queue. */
export const SHORT_OF_ROOM = `a.reason_code = 'queue_full'`

/** The record of a selected attempt. */
export function attemptFrom(row: AttemptRow): AttemptRecord {
  const { provider, endpoint, model, reason, usage, ...rest } = row
  const target = { provider, endpoint, model }
  return { ...rest, target, reason: reasonFrom(reason), usage: JSON.parse(usage) as AttemptUsage[] }
}

/** The `set` part and the values of an update with these changes; empty where nothing changes. */
export function assignments(changes: AttemptChanges): { sql: string; values: (string | number | null)[] } {
  const entries = Object.entries(changes).filter(([, value]) => value !== undefined)
  return {
    sql: entries.map(([name]) => `, ${CHANGING[name as keyof AttemptChanges]} = ?`).join(''),
    values: entries.map(([, value]) => (typeof value === 'object' ? reasonJson(value) : value)),
  }
}
