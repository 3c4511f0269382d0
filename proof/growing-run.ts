import type { RunHandle } from '../src/library/handle.ts'
import { LlmBatchError } from '../src/model/error.ts'

/** A row as a program appends it. */
export interface AppendedRow {
  readonly id: string
  readonly text: string
  /** What its prompt begins with, where that is shared. */
  readonly beginning?: string
}

/** A row that comes too late: the run was sealed before it. Its nonce is in no plan. */
const LATE = { id: 'late', text: 'Say that it is too late. nonce:late' }

/**
 * Does what a program does that finds its rows one after another, from its first line to the last before it waits for the
 * end: it appends them in portions, the second one while the first is at work, seals the run, and has one row more, which
 * comes too late. A program that is started again does all of this again. `driveOn` drives the run and tells whether that may
 * go on.
 */
export async function growRun(
  handle: RunHandle,
  rows: readonly AppendedRow[],
  portions: number,
  driveOn: () => Promise<boolean>,
): Promise<boolean> {
  const size = Math.ceil(rows.length / portions)
  const [first = [], ...others] = Array.from({ length: portions }, (_, at) => rows.slice(at * size, (at + 1) * size))
  await handle.append(first)
  const [second = [], ...rest] = others
  const [driven, appended] = await Promise.allSettled([driveOn(), handle.append(second)])
  // Each is heard to its end before the other's failure ends the program.
  if (driven.status === 'rejected') throw driven.reason
  if (appended.status === 'rejected') throw appended.reason
  if (!driven.value) return false
  for (const portion of rest) await handle.append(portion)
  await handle.seal()
  await appendLate(handle, { ...first[0], ...LATE })
  return true
}

async function appendLate(handle: RunHandle, late: AppendedRow): Promise<void> {
  try {
    await handle.append([late])
  } catch (error) {
    if (!LlmBatchError.isInstance(error) || error.code !== 'sealed') throw error
  }
}
