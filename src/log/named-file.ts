import type { Disk, ReadRange } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { FileFacts } from '../model/file-facts.ts'
import { type ResultFile, stemOf } from '../model/result-ref.ts'
import type { PortionRecord } from '../store/port/run.ts'
import type { RunFolder } from '../store/run-folder.ts'
import { PassingFile } from './passing-file.ts'

/** A file that the catalog names, and what is lost where it is damaged, as the end of a sentence about it. */
export interface NamedFile {
  readonly path: string
  readonly facts: FileFacts
  readonly holds: string
}

/**
 * The bytes of such a file in pieces, hashed as they pass. Throws `disk`: at once where it is absent or has another size, and
 * once its end is reached where its bytes are others. So what is made of it must not count before the end was reached.
 */
export async function* readNamed(disk: Disk, file: NamedFile, range?: ReadRange): AsyncIterable<Uint8Array> {
  const { facts, path } = file
  if ((await disk.size(path)) !== facts.bytes) throw damagedFile(file)
  const passing = new PassingFile()
  yield* passing.through(disk.stream(path, range))
  if (passing.facts().sha256 !== facts.sha256) throw damagedFile(file)
}

/** Reads such a file for nothing but to see whether it is whole. Throws as `readNamed` does. */
export async function assertNamed(disk: Disk, file: NamedFile): Promise<void> {
  const pieces = readNamed(disk, file, { isReused: true })[Symbol.asyncIterator]()
  while (!(await pieces.next()).done);
}

/** The error for a file that is not the one that the catalog names, and that nothing can be made again from. */
export function damagedFile({ holds, path }: Pick<NamedFile, 'path' | 'holds'>): LlmBatchError {
  return new LlmBatchError('disk', `${path} is damaged or absent: it holds ${holds}`, {
    next: 'Restore the folder of the run from a backup.',
  })
}

/** The file of rows that were frozen together. */
export function namedRows(folder: RunFolder, { number, rowFiles }: PortionRecord): NamedFile {
  return {
    path: folder.portion(number, rowFiles.writer).rows,
    facts: rowFiles.rows,
    holds: 'the rows as they were read, for the answers file',
  }
}

/** The file of what is known of rows besides their columns. */
export function namedRowFacts(folder: RunFolder, { number, rowFiles }: PortionRecord): NamedFile {
  const holds = 'the ids of rows, and which of them were skipped or share a request'
  return { path: folder.portion(number, rowFiles.writer).rowFacts, facts: rowFiles.facts, holds }
}

/** A raw result file of which the outcomes of this name were made. */
export function namedResult(folder: RunFolder, outcomes: string, { bytes, role, sha256 }: ResultFile): NamedFile {
  return { path: folder.result(stemOf(outcomes), role), facts: { bytes, sha256 }, holds: 'what the provider answered' }
}
