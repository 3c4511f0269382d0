import type { BatchRecord } from '../state/record.ts'
import type { State } from '../state/state.ts'

/** Answers and errors of a batch, which are in one file here. */
export async function* resultBytes(state: State, batch: BatchRecord): AsyncIterable<Uint8Array> {
  for (const id of resultIds(batch)) yield* state.disk.stream(state.dataPath(id))
}

/** The files that hold them. */
export function resultIds({ errorFileId, outputFileId }: BatchRecord): readonly string[] {
  return [outputFileId, errorFileId].filter((id) => id !== null)
}
