import type { Line } from '../../lib/jsonl.ts'
import { splitLines } from '../../lib/jsonl.ts'
import type { BatchRecord } from '../state/record.ts'
import type { State } from '../state/state.ts'

/** The lines of a batch's input files, one file after the other, a list per piece read. */
export async function* inputLines(state: State, batch: BatchRecord): AsyncIterable<readonly Line[]> {
  for (const id of batch.inputFileIds) yield* splitLines(state.disk.stream(state.dataPath(id)))
}

/** True where an input file was deleted since the batch was created. */
export function hasLostInput(state: State, batch: BatchRecord): boolean {
  return batch.inputFileIds.some((id) => state.files.get(id)?.isDeleted !== false)
}
