import type { ReadRow } from '../../src/model/row.ts'

/** Bytes cut into pieces of this size, all in one buffer that is used again, as a source that saves memory would do. */
export async function* pieces(bytes: Uint8Array | string, size: number): AsyncIterable<Uint8Array> {
  const whole = Buffer.from(bytes)
  const shared = Buffer.alloc(size)
  for (let at = 0; at < whole.length; at += size) {
    const length = whole.copy(shared, 0, at, at + size)
    yield shared.subarray(0, length)
  }
}

/** All rows and problems of an input. */
export async function collectRows(lists: AsyncIterable<readonly ReadRow[]>): Promise<ReadRow[]> {
  const rows: ReadRow[] = []
  for await (const list of lists) rows.push(...list)
  return rows
}

/** A row in few words: its line and record, or its line and the code of what is wrong with it. */
export function brief(read: ReadRow): readonly [line: number, content: unknown] {
  return 'row' in read ? [read.row.line, read.row.record] : [read.problem.line, read.problem.code]
}
