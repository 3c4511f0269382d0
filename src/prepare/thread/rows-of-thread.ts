import { on } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { PreparedRow } from '../../batching/prepared-row.ts'
import type { Target } from '../../model/target.ts'
import type { Limits } from '../../providers/provider.ts'
import { RowUnpacker } from './packed-rows.ts'
import { passError, unpassError } from './passed-error.ts'
import type { FromThread, LimitsAnswer, ThreadData, ThreadTask, ToThread } from './thread-task.ts'

/** Options of preparing in a thread. */
export interface ThreadOptions {
  /** The path of the built module that the thread carries out. */
  readonly program: string
  readonly task: ThreadTask
  /** The limits in force, the user's overrides included. */
  readonly limitsOf: (target: Target) => Limits
  readonly onRead?: ((rows: number) => void) | undefined
}

/** Characters that are told at once to be taken: each message wakes the thread. Far less than it may be ahead. */
const CHARACTERS_TOLD = 100_000

/**
 * What V8 may use for the youngest objects of the thread. Measured: a quarter of it takes a fifth more processor time, and
 * without a limit the process takes 20 MB more.
 */
const MAX_YOUNG_GENERATION_MB = 12

/**
 * The rows of an input, prepared in a thread that begins when the first list is asked for, and ends with the last one or when
 * nothing more is asked for. Throws what the thread threw, and an error with its cause where it broke down.
 */
export async function* rowsOfThread({
  limitsOf,
  onRead,
  program,
  task,
}: ThreadOptions): AsyncIterable<readonly PreparedRow[]> {
  const { port1: ours, port2: answers } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const workerData: ThreadData = { task, answers, signal }
  const resourceLimits = { maxYoungGenerationSizeMb: MAX_YOUNG_GENERATION_MB }
  const worker = new Worker(program, { workerData, transferList: [answers], resourceLimits })
  const answer = (target: Target): void => {
    ours.postMessage(answerFor(target, limitsOf))
    Atomics.store(signal, 0, 1)
    Atomics.notify(signal, 0)
  }
  // Once nothing more is asked for, a thread may break down as it likes; until then `messagesOf` hears of it too.
  worker.on('error', () => undefined)
  // Answered at once, whatever came before it and is not taken yet.
  worker.on('message', (message: FromThread) => {
    if (message.is === 'question') answer(message.target)
  })
  try {
    yield* rowsIn(messagesOf(worker), onRead, (taken: ToThread) => worker.postMessage(taken))
  } finally {
    ours.close()
    await worker.terminate()
  }
}

function answerFor(target: Target, limitsOf: ThreadOptions['limitsOf']): LimitsAnswer {
  try {
    return { limits: limitsOf(target) }
  } catch (error) {
    return { error: passError(error) }
  }
}

async function* messagesOf(worker: Worker): AsyncIterable<FromThread> {
  try {
    for await (const [message] of on(worker, 'message', { close: ['exit'] })) yield message as FromThread
  } catch (error) {
    throw brokenDown(error)
  }
}

async function* rowsIn(
  messages: AsyncIterable<FromThread>,
  onRead: ThreadOptions['onRead'],
  tell: (taken: ToThread) => void,
): AsyncIterable<readonly PreparedRow[]> {
  const unpacker = new RowUnpacker()
  let taken = 0
  for await (const message of messages) {
    if (message.is === 'question') continue
    if (message.is === 'failure') throw unpassError(message.error)
    onRead?.(message.read)
    if (message.is === 'end') return
    yield unpacker.unpack(message.rows)
    taken += message.rows.characters
    if (taken < CHARACTERS_TOLD) continue
    tell(taken)
    taken = 0
  }
  throw brokenDown(undefined)
}

function brokenDown(cause: unknown): Error {
  return new Error('the thread that prepares rows has ended before its work; "prepareThread": false does without it', {
    cause,
  })
}
