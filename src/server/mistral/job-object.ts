import { type BatchRecord, isFinal, type Phase } from '../state/record.ts'

const STATUS: Readonly<Record<Phase, string>> = {
  validating: 'QUEUED',
  running: 'RUNNING',
  finalizing: 'RUNNING',
  cancelling: 'CANCELLATION_REQUESTED',
  completed: 'SUCCESS',
  failed: 'FAILED',
  expired: 'TIMEOUT_EXCEEDED',
  cancelled: 'CANCELLED',
}

/** The status word of a phase. */
export function statusOf(phase: Phase): string {
  return STATUS[phase]
}

/** The batch as Mistral shows it. A job whose requests came inline has no files: its results are `outputs`. */
export function jobObject(batch: BatchRecord): Record<string, unknown> {
  const hasFiles = isFinal(batch.phase) && !batch.isInline
  const endedAt = isFinal(batch.phase) ? batch.enteredAtMs[batch.phase] : undefined
  return {
    id: batch.id,
    object: 'batch',
    input_files: batch.isInline ? [] : batch.inputFileIds,
    metadata: batch.metadata,
    endpoint: batch.endpoint,
    model: batch.model,
    agent_id: null,
    output_file: hasFiles ? batch.outputFileId : null,
    error_file: hasFiles ? batch.errorFileId : null,
    errors: errorsOf(batch),
    outputs: null,
    status: STATUS[batch.phase],
    created_at: Math.floor(batch.createdAtMs / 1_000),
    total_requests: batch.total,
    completed_requests: batch.succeeded + batch.failed,
    succeeded_requests: batch.succeeded,
    failed_requests: batch.failed,
    started_at: secondsOrNull(batch.enteredAtMs.running),
    completed_at: secondsOrNull(endedAt),
  }
}

/** Errors are summed up by message; lines and codes are not told. */
function errorsOf(batch: BatchRecord): object[] {
  const counts = new Map<string, number>()
  for (const { message } of batch.problems) counts.set(message, (counts.get(message) ?? 0) + 1)
  return [...counts].map(([message, count]) => ({ message, count }))
}

function secondsOrNull(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.floor(milliseconds / 1_000)
}
