import { inputLines } from '../batch/input-lines.ts'
import { parseRequestLine } from '../batch/request-line.ts'
import { DIALECT } from '../dialects.ts'
import type { BatchRecord } from '../state/record.ts'
import type { State } from '../state/state.ts'

/** The results of a batch as pieces of bytes. A batch that was refused as a whole has an error for each request. */
export async function* resultLines(state: State, batch: BatchRecord): AsyncIterable<Uint8Array> {
  if (batch.phase === 'failed') yield* refusals(state, batch)
  for (const id of [batch.outputFileId, batch.errorFileId]) {
    if (id !== null) yield* state.disk.stream(state.dataPath(id))
  }
}

async function* refusals(state: State, batch: BatchRecord): AsyncIterable<Uint8Array> {
  const dialect = DIALECT.anthropic
  const message = batch.problems[0]?.message ?? 'The request was refused.'
  const body = dialect.errorBody({ status: 400, type: '', code: null, param: null, message })
  for await (const lines of inputLines(state, batch)) {
    for (const line of lines) {
      const customId = parseRequestLine(line)?.['custom_id']
      yield Buffer.from(`${JSON.stringify(dialect.resultLine(batch, line.number, customId, { status: 400, body }))}\n`)
    }
  }
}
