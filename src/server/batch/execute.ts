import { isJsonObject } from '../../lib/json.ts'
import { sliceProperty } from '../../lib/json-slice.ts'
import type { Line } from '../../lib/jsonl.ts'
import { DIALECT } from '../dialects.ts'
import type { Simulator } from '../simulator.ts'
import type { BatchRecord } from '../state/record.ts'
import type { BatchSignals } from './batch-signals.ts'
import { inputLines } from './input-lines.ts'
import { parseRequestLine } from './request-line.ts'
import type { ResultFiles } from './result-files.ts'
import type { Halt, Row } from './row.ts'
import { Settlement, type Tally } from './settlement.ts'

/** Counts of an execution, and why it stopped before the last row; undefined where it did not. */
export interface Executed extends Tally {
  readonly halt: Halt | undefined
}

/** Has the rows of a batch executed, into the files. Memory does not grow with the rows. */
export async function executeRows(
  simulator: Simulator,
  batch: BatchRecord,
  signals: BatchSignals,
  files: ResultFiles,
): Promise<Executed> {
  const settlement = new Settlement(batch, files)
  const rows = (): AsyncIterable<readonly Row[]> => rowsOf(simulator, batch)
  const halt = await simulator.executor.execute(simulator, { batch, signals, rows, settlement })
  return { ...settlement.tally, halt }
}

async function* rowsOf({ state }: Simulator, batch: BatchRecord): AsyncIterable<readonly Row[]> {
  let position = 0
  for await (const lines of inputLines(state, batch)) {
    yield lines.map((line) => {
      position += 1
      return rowOf(batch, line, position)
    })
  }
}

function rowOf({ dialect }: BatchRecord, text: Line, position: number): Row {
  const input = parseRequestLine(text) ?? {}
  const line = DIALECT[dialect].shape?.line(input) ?? input
  return {
    position,
    customId: line['custom_id'],
    body: isJsonObject(line['body']) ? line['body'] : {},
    json: () => sliceProperty(Buffer.from(text.bytes).toString(), 'body') ?? '{}',
  }
}
