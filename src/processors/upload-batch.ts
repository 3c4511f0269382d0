import { basename } from 'node:path'
import { grouped } from '../lib/number.ts'
import { ProviderError, type RemoteFile } from '../providers/provider.ts'
import { storeInput } from '../submit/upload.ts'
import type { BatchId } from './file-places.ts'
import type { ProcessorContext } from './processor-context.ts'
import { callError, ProcessorError } from './processor-error.ts'
import { repeatCall } from './repeat-call.ts'

/**
 * Streams a batch file to the provider. A failure that may pass is tried again a few times, which costs nothing but
 * quota; whatever remains is thrown as `ProcessorError`, and the same call may be made again later.
 */
export async function uploadBatch(context: ProcessorContext, batchId: BatchId): Promise<RemoteFile> {
  const { disk, limits, log, places, provider } = context
  const path = places.batch(batchId)
  const bytes = await disk.size(path)
  if (bytes === undefined) {
    throw new ProcessorError('refused', 'not_found', `There is no file ${path}.`, {
      next: `Write it with writeBatchFile(tasks, ${JSON.stringify(batchId)}) first.`,
    })
  }
  if (bytes > limits.maxBytes) {
    const sizes = `${grouped(bytes)} bytes, and ${provider.name} takes ${grouped(limits.maxBytes)}`
    throw new ProcessorError('refused', 'usage', `${path} has ${sizes}.`, {
      next: 'Cut the tasks into smaller batches, or use runBatches(), which cuts by bytes as well.',
    })
  }
  const input = { name: basename(path), bytes, open: () => disk.stream(path) }
  try {
    const file = await repeatCall(context, 'upload', () => storeInput(provider, input, new AbortController().signal))
    log(`${path} is uploaded as ${file.id}`)
    return file
  } catch (error) {
    if (error instanceof ProviderError) throw callError(error, `The upload of ${path}`)
    throw error
  }
}
