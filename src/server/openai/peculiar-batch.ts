import type { JsonObject } from '../../lib/json.ts'
import type { BatchRecord } from '../state/record.ts'
import { batchObject } from './batch-object.ts'
import type { PlayedHost } from './host.ts'
import { endpointAsWritten } from './peculiar-endpoint.ts'

/** Members that hold instants. */
const TIME = /_at$/

/** Members that hold the id of a file which may not exist. */
const RESULT_FILES = ['output_file_id', 'error_file_id'] as const

/** The batch as the host shows it that the server plays; as OpenAI where it plays none. */
export function shownBatch({ are }: PlayedHost, batch: BatchRecord): JsonObject {
  const shown: Record<string, unknown> = { ...batchObject(batch), endpoint: endpointAsWritten(are, batch.endpoint) }
  if (are.has('progress-word') && shown['status'] === 'in_progress') shown['status'] = 'progress'
  const status = String(shown['status'])
  if (are.has('upper-case')) shown['status'] = status.toUpperCase()
  if (are.has('capitalised')) shown['status'] = status.charAt(0).toUpperCase() + status.slice(1)
  if (are.has('no-metadata')) delete shown['metadata']
  if (are.has('no-counts')) delete shown['request_counts']
  if (are.has('null-counts') && shown['status'] === 'Validating')
    shown['request_counts'] = { total: null, completed: null, failed: null }
  for (const [name, value] of Object.entries(shown)) {
    if (are.has('iso-times') && TIME.test(name) && typeof value === 'number') {
      shown[name] = new Date(value * 1_000).toISOString()
    }
  }
  for (const name of RESULT_FILES) shown[name] ??= noFile(are)
  return shown
}

function noFile(are: PlayedHost['are']): unknown {
  if (are.has('object-ids')) return {}
  return are.has('text-ids') ? '' : null
}
