import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { CaseReport } from './tally.ts'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))

/** Cases sent ahead to each worker, so that it never waits for the next one. */
const AHEAD = 2

/**
 * Carries out cases by name in one process per core, and gives each report as it comes. `isEnough` ends it early.
 */
export async function carryOutAll(
  names: Iterable<string>,
  onReport: (report: CaseReport) => void,
  isEnough: () => boolean = () => false,
): Promise<void> {
  const waiting = names[Symbol.iterator]()
  const workers = Array.from({ length: availableParallelism() }, () => fork(WORKER))
  try {
    await Promise.all(workers.map((worker) => feed(worker, waiting, onReport, isEnough)))
  } finally {
    for (const worker of workers) worker.kill()
  }
}

async function feed(
  worker: ChildProcess,
  waiting: Iterator<string>,
  onReport: (report: CaseReport) => void,
  isEnough: () => boolean,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let open = 0
    const sendNext = (): void => {
      const next = isEnough() ? { done: true as const } : waiting.next()
      if (!next.done) {
        open += 1
        worker.send(next.value)
      } else if (open === 0) resolve()
    }
    worker.on('message', (report: CaseReport) => {
      open -= 1
      onReport(report)
      sendNext()
    })
    worker.on('error', reject)
    worker.on('exit', (code) => reject(new Error(`a worker ended with code ${code}`)))
    for (let number = 0; number < AHEAD; number += 1) sendNext()
  })
}
