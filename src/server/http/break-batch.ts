import type { JsonObject } from '../../lib/json.ts'
import type { ActiveFaults } from '../faults/injector.ts'

/** Fields with result file ids, in either dialect. */
const ID_FIELDS = ['output_file_id', 'error_file_id', 'output_file', 'error_file'] as const

/** Fields with request counts, in Mistral's dialect. */
const COUNT_FIELDS = ['total_requests', 'completed_requests', 'succeeded_requests', 'failed_requests'] as const

/** Faults of a batch object, in any dialect. */
export function breakBatch(faults: ActiveFaults, batch: JsonObject): JsonObject {
  const broken: Record<string, unknown> = { ...batch }
  if (faults.has('metadata-dropped')) broken['batch_id' in batch ? 'name' : 'metadata'] = null
  const status = faults.argument('batch-status')
  if (status !== undefined) broken['processing_status' in batch ? 'processing_status' : 'status'] = status
  if (faults.has('counts-lie')) breakCounts(broken)
  if (faults.has('times-odd')) breakTimes(broken)
  if (faults.has('errors-odd')) broken['errors'] = 'something went wrong'
  breakIds(faults, broken)
  if (faults.has('no-id')) delete broken['batch_id' in batch ? 'batch_id' : 'id']
  return faults.has('wrapped') ? { job: broken } : broken
}

/** Both dialects' words for a batch that has not ended. */
const AT_WORK: readonly string[] = ['validating', 'in_progress', 'finalizing', 'queued', 'running']

function breakIds(faults: ActiveFaults, batch: Record<string, unknown>): void {
  for (const field of ID_FIELDS) {
    if (!(field in batch)) continue
    if (faults.has('ids-hidden')) batch[field] = null
    if (faults.has('ids-early') && isAtWork(batch['status'])) batch[field] ??= 'file-not-there-yet'
    if (faults.has('ids-empty')) batch[field] ??= ''
    if (faults.has('ids-objects')) batch[field] = batch[field] ? { id: batch[field] } : {}
  }
}

function isAtWork(status: unknown): boolean {
  return typeof status === 'string' && AT_WORK.includes(status.toLowerCase())
}

/** In the words of every dialect that has such a member. */
const FALSE_COUNTS = {
  total: 10,
  completed: 1,
  failed: 0,
  processing: 9,
  succeeded: 1,
  errored: 0,
  canceled: 0,
  expired: 0,
}

function breakCounts(batch: Record<string, unknown>): void {
  if ('request_counts' in batch) batch['request_counts'] = { ...FALSE_COUNTS }
  for (const field of COUNT_FIELDS) {
    if (field in batch) batch[field] = 7
  }
}

function breakTimes(batch: Record<string, unknown>): void {
  for (const [field, value] of Object.entries(batch)) {
    if (field.endsWith('_at') && typeof value === 'number') batch[field] = new Date(value * 1_000).toISOString()
  }
}
