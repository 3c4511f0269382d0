import { invalidRequest } from '../http/error-answer.ts'
import type { RouteContext } from '../http/route-context.ts'
import { maxBytes } from '../simulator.ts'
import type { PlayedHost } from './host.ts'

const OTHER_PURPOSES = ['assistants', 'fine-tune', 'vision', 'user_data', 'evals'] as const

/** The refusal of a file with such a name, purpose and size; undefined where it is taken. */
export function refusedFile(
  { simulator }: RouteContext,
  { bytes, name, purpose }: { readonly name: string; readonly purpose: string; readonly bytes: number },
): Response | undefined {
  const forBatches = batchPurpose(simulator.host)
  const purposes = [forBatches, ...OTHER_PURPOSES]
  if (!purposes.includes(purpose)) {
    const text = `'${purpose}' is not one of [${purposes.map((one) => `'${one}'`).join(', ')}] - 'purpose'`
    return invalidRequest(text, 'invalid_value', 'purpose')
  }
  if (purpose === forBatches && simulator.uploadNames === 'jsonl' && !name.endsWith('.jsonl')) {
    return invalidRequest('Invalid file format for Batch API. Must be .jsonl', null, null)
  }
  const most = maxBytes(simulator, 'openai')
  return bytes > most ? invalidRequest(`File is too large. The limit is ${most} bytes.`, null, 'file') : undefined
}

/** What an upload for a batch is for, in the word of the host that the server plays. */
export function batchPurpose({ are }: PlayedHost): string {
  return are.has('purpose-batch-api') ? 'batch-api' : 'batch'
}
