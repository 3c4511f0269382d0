import { join } from 'node:path'
import { isRemoteId } from '../providers/remote-id.ts'
import { ProcessorError } from './processor-error.ts'
import type { ProcessorOptions } from './processor-options.ts'

/** Which batch of a script's is meant: becomes part of file names. */
export type BatchId = string | number

/** Places of the files of a processor. Paths are relative where the user's folders are. */
export interface FilePlaces {
  readonly taskFolder: string
  readonly batchFolder: string
  readonly outputFolder: string
  readonly tasks: string
  /** The record of creates. */
  readonly creates: string
  batch(batchId: BatchId): string
  /** A saved result file; throws for what is not an id of a provider's file, so that it never leads elsewhere. */
  result(kind: 'output' | 'error', fileId: string): string
}

/** Letters that no file system takes in a name, and those that would lead to another folder. */
const UNFIT_FOR_NAMES = /[\\/:*?"<>|\p{Cc}]/u

/** Names the files as the workflow does. Throws `ProcessorError` for a prefix that cannot be part of a name. */
export function filePlaces(
  providerName: string,
  options: Pick<ProcessorOptions, 'filenamePrefix' | 'taskDir' | 'batchDir' | 'outputDir'>,
): FilePlaces {
  const prefix = options.filenamePrefix ?? providerName
  if (prefix === '' || UNFIT_FOR_NAMES.test(prefix)) {
    throw new ProcessorError(
      'refused',
      'usage',
      `filenamePrefix ${JSON.stringify(prefix)} cannot be used as the beginning of a file name.`,
      {
        next: 'Use letters, digits, dashes and underscores; folders go into taskDir, batchDir and outputDir.',
      },
    )
  }
  const taskFolder = options.taskDir ?? `${providerName}_batch_tasks`
  const batchFolder = options.batchDir ?? `${providerName}_batch_jobs`
  const outputFolder = options.outputDir ?? `${providerName}_batch_outputs`
  return {
    taskFolder,
    batchFolder,
    outputFolder,
    tasks: join(taskFolder, `${prefix}_tasks.jsonl`),
    creates: join(batchFolder, `${prefix}_creates.jsonl`),
    batch: (batchId) => join(batchFolder, `${prefix}_batch_job${checkedBatchId(batchId)}.jsonl`),
    result: (kind, fileId) => join(outputFolder, `${prefix}_batch_${kind}_${checkedFileId(fileId)}.jsonl`),
  }
}

function checkedBatchId(batchId: BatchId): string {
  const text = String(batchId)
  if (/^[A-Za-z0-9._-]{1,100}$/.test(text)) return text
  throw new ProcessorError('refused', 'usage', `The batch id ${JSON.stringify(text)} cannot be part of a file name.`, {
    next: 'Use up to 100 letters, digits, dots, dashes and underscores, such as 1 or 2026-11-23_1.',
  })
}

function checkedFileId(fileId: string): string {
  // Of what an id may hold, only the colon is not for file names everywhere.
  if (isRemoteId(fileId)) return encodeURIComponent(fileId)
  throw new ProcessorError('refused', 'usage', `${JSON.stringify(fileId)} is not the id of a provider's file.`, {
    next: 'Take it from outputFileId or errorFileId of a job.',
  })
}
