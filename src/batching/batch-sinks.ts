import { WIRE_ID_LENGTH, wirePrefix } from '../model/ids.ts'
import type { NewBatchRecord } from '../store/port/batch.ts'
import type { RunContext } from '../workspace/context.ts'
import { BatchWriter } from './batch-writer.ts'
import type { BatchSink } from './batcher.ts'

type Ports = Pick<RunContext, 'clock' | 'disk' | 'folder' | 'random'>

const LINE_FEED_BYTES = 1

/** Writes batches to input files, and hands on each that is whole, for the store to be told of it. */
export function fileSink(ports: Ports, receive: (batch: NewBatchRecord) => Promise<void> | void): BatchSink {
  return async (target, facts) => {
    const writer = await BatchWriter.open(ports, target, facts)
    return {
      prefix: writer.prefix,
      add: (request, line, tokens) => writer.addLine(request, line, tokens),
      size: () => writer.size(),
      finish: async () => {
        await receive(await writer.finish())
      },
      close: () => writer.close(),
    }
  }
}

/** Stands for every nonce where none is needed: all wire ids have one length. */
const ANY_NONCE = 'b'.repeat(WIRE_ID_LENGTH)

/** A prefix of wire ids for lines that are only counted. */
const ANY_PREFIX = wirePrefix(ANY_NONCE)

/** Counts what batches would hold, and keeps nothing of them. */
export const countingSink: BatchSink = () => {
  const size = { requests: 0, bytes: 0, tokens: 0 }
  return Promise.resolve({
    prefix: ANY_PREFIX,
    add: (_, line, tokens) => {
      size.requests += 1
      size.bytes += line.length + LINE_FEED_BYTES
      size.tokens += tokens
    },
    size: () => size,
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  })
}
