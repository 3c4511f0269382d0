import { type BatchRecord, isFinal, type Phase } from '../state/record.ts'

const STATUS: Readonly<Record<Phase, string>> = {
  validating: 'validating',
  running: 'in_progress',
  finalizing: 'finalizing',
  cancelling: 'cancelling',
  completed: 'completed',
  failed: 'failed',
  expired: 'expired',
  cancelled: 'cancelled',
}

/** The batch as OpenAI shows it. */
export function batchObject(batch: BatchRecord): Record<string, unknown> {
  const isOver = isFinal(batch.phase)
  const at = (phase: Phase): number | null => secondsOrNull(batch.enteredAtMs[phase])
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    model: batch.model,
    errors: batch.problems.length > 0 ? { object: 'list', data: batch.problems } : null,
    input_file_id: batch.inputFileIds[0],
    completion_window: '24h',
    status: STATUS[batch.phase],
    output_file_id: isOver ? batch.outputFileId : null,
    error_file_id: isOver ? batch.errorFileId : null,
    created_at: Math.floor(batch.createdAtMs / 1_000),
    in_progress_at: at('running'),
    expires_at: Math.floor(batch.expiresAtMs / 1_000),
    finalizing_at: at('finalizing'),
    completed_at: at('completed'),
    failed_at: at('failed'),
    expired_at: at('expired'),
    cancelling_at: at('cancelling'),
    cancelled_at: at('cancelled'),
    request_counts: { total: batch.total, completed: batch.succeeded, failed: batch.failed },
    usage: usageOf(batch),
    metadata: batch.metadata,
  }
}

function usageOf(batch: BatchRecord): object {
  return {
    input_tokens: batch.inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: batch.outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: batch.inputTokens + batch.outputTokens,
  }
}

function secondsOrNull(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.floor(milliseconds / 1_000)
}
