import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { CaseReport } from './tally.ts'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))

/** Cases sent ahead to each worker, so that it never waits for the next one. */
const AHEAD = 2

/** Processes, one per core, that carry out cases by name; each is kept, because it becomes faster with every case. */
export class WorkerPool {
  readonly #workers = Array.from({ length: availableParallelism() }, () => fork(WORKER))

  /** Carries out cases, and gives each report as it comes. */
  async carryOut(names: Iterable<string>, onReport: (report: CaseReport) => void): Promise<void> {
    const waiting = names[Symbol.iterator]()
    await Promise.all(this.#workers.map((worker) => feed(worker, waiting, onReport)))
  }

  close(): void {
    for (const worker of this.#workers) worker.kill()
  }
}

async function feed(
  worker: ChildProcess,
  waiting: Iterator<string>,
  onReport: (report: CaseReport) => void,
): Promise<void> {
  let leave = (): void => undefined
  try {
    await new Promise<void>((resolve, reject) => {
      let open = 0
      const sendNext = (): void => {
        const next = waiting.next()
        if (!next.done) {
          open += 1
          worker.send(next.value)
        } else if (open === 0) resolve()
      }
      const onMessage = (report: CaseReport): void => {
        open -= 1
        onReport(report)
        sendNext()
      }
      const onExit = (code: number | null): void => reject(new Error(`a worker ended with code ${code}`))
      worker.on('message', onMessage).on('error', reject).on('exit', onExit)
      leave = () => void worker.off('message', onMessage).off('error', reject).off('exit', onExit)
      for (let number = 0; number < AHEAD; number += 1) sendNext()
    })
  } finally {
    leave()
  }
}
