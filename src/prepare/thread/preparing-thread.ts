import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { PreparedRow } from '../../batching/prepared-row.ts'
import { openInput } from '../../input/open.ts'
import { systemDisk } from '../../lib/disk.ts'
import type { Target } from '../../model/target.ts'
import type { Limits } from '../../providers/provider.ts'
import { templatesOf } from '../../request/messages/turns.ts'
import { loadTemplates } from '../../request/templates/template-compiler.ts'
import { chosenRows } from '../chosen-rows.ts'
import { preparedRows } from '../prepared-rows.ts'
import { RowPacker } from './packed-rows.ts'
import { passError, unpassError } from './passed-error.ts'
import type { FromThread, LimitsAnswer, ThreadData, ToThread } from './thread-task.ts'

/** Characters of rows that were handed on and not taken yet, after which the thread waits. */
const MOST_CHARACTERS_AHEAD = 400_000

/**
 * Prepares the rows of an input by the code that the main thread would carry out itself, and hands them on packed, in their
 * order: here rows are read and requests are made, while those before are frozen there.
 */
class Preparation {
  readonly #port: MessagePort
  readonly #data: ThreadData
  readonly #packer = new RowPacker()
  /** Characters that were handed on and not taken yet, as far as that was told. */
  #ahead = 0
  #goOn: () => void = () => undefined
  #read = 0

  constructor(port: MessagePort, data: ThreadData) {
    this.#port = port
    this.#data = data
    port.on('message', (taken: ToThread) => {
      this.#ahead -= taken
      this.#goOn()
    })
  }

  async carryOut(): Promise<void> {
    try {
      for await (const rows of this.#rows()) await this.#handOn(rows)
      this.#tell({ is: 'end', read: this.#read })
    } catch (error) {
      this.#tell({ is: 'failure', error: passError(error) })
    }
    this.#port.close()
  }

  async *#rows(): AsyncIterable<readonly PreparedRow[]> {
    const { definition, input, isCountingTokens } = this.#data.task
    const disk = systemDisk
    const compile = await loadTemplates(templatesOf(definition))
    const onRead = (rows: number): void => void (this.#read = rows)
    const rows = chosenRows(openInput({ ...input, disk }), { onRead })
    const limitsOf = (target: Target): Limits => this.#limitsOf(target)
    yield* preparedRows(rows, { definition, disk, compile, limitsOf, isCountingTokens })
  }

  async #handOn(list: readonly PreparedRow[]): Promise<void> {
    while (this.#ahead > MOST_CHARACTERS_AHEAD) {
      await new Promise<void>((resolve) => {
        this.#goOn = resolve
      })
    }
    const rows = this.#packer.pack(list)
    this.#ahead += rows.characters
    this.#tell({ is: 'rows', rows, read: this.#read })
  }

  /** Waits for the answer of the main thread: requests are made without promises. */
  #limitsOf(target: Target): Limits {
    const { answers, signal } = this.#data
    Atomics.store(signal, 0, 0)
    this.#tell({ is: 'question', target })
    Atomics.wait(signal, 0, 0)
    const answer = receiveMessageOnPort(answers)?.message as LimitsAnswer | undefined
    if (answer === undefined) throw new Error('the main thread has not told limits')
    if ('error' in answer) throw unpassError(answer.error)
    return answer.limits
  }

  #tell(message: FromThread): void {
    this.#port.postMessage(message)
  }
}

if (parentPort === null) throw new Error('this module is started as a thread')
await new Preparation(parentPort, workerData as ThreadData).carryOut()
