import { LlmBatchError } from '../../model/error.ts'
import { type ComparedRuns, compareRuns } from '../../results/compare-runs.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CompareAnswer } from '../contract.ts'
import { type ComparedPair, doneAnswer } from './compare-answer.ts'

/** A wish for a comparison. */
export interface AskedComparison extends ComparedPair {
  readonly by: string | undefined
  readonly gold: string | undefined
  /** A path into answers that are JSON; null for the whole answer. */
  readonly field: readonly string[] | null
  readonly ignoresCase: boolean
  readonly mostShown: number
}

/** How long one request waits for a comparison to end. */
const WAIT_MS = 1_500

/** A comparison that no page has asked for during so long is given up. */
const FORGOTTEN_MS = 60_000

interface Job {
  readonly key: string
  readonly ended: Promise<CompareAnswer>
  comparedRows: number
  askedAt: number
  isReplaced: boolean
}

/** Comparisons of large runs, which take longer than a request: one at a time, the last one kept. */
export class Comparisons {
  readonly #home: Workspace
  readonly #stopping: AbortSignal
  #job: Job | undefined

  constructor(home: Workspace, stopping: AbortSignal) {
    this.#home = home
    this.#stopping = stopping
  }

  /** The result, or how far it is. Throws what the comparison has thrown. */
  async answer(asked: AskedComparison): Promise<CompareAnswer> {
    const { clock } = this.#home
    const job = this.#jobFor(asked)
    job.askedAt = clock.monotonic()
    const waited = new AbortController()
    const working = clock.sleep(WAIT_MS, waited.signal).then(() => undefined)
    const done = await Promise.race([job.ended, working])
    waited.abort()
    const [first, second] = asked.runs
    const totalRows = Math.min(first.rowCount, second.rowCount)
    return done ?? { state: 'working', comparedRows: job.comparedRows, totalRows }
  }

  #jobFor(asked: AskedComparison): Job {
    const key = keyOf(asked)
    if (this.#job?.key === key) return this.#job
    if (this.#job) this.#job.isReplaced = true
    const job: Job = {
      key,
      comparedRows: 0,
      askedAt: this.#home.clock.monotonic(),
      isReplaced: false,
      ended: this.#begin(asked, () => job),
    }
    this.#job = job
    // One that failed is told to who asked, and begun anew when it is asked for again.
    job.ended.catch(() => {
      if (this.#job === job) this.#job = undefined
    })
    return job
  }

  async #begin(asked: AskedComparison, job: () => Job): Promise<CompareAnswer> {
    const { by, field, gold, ignoresCase, mostShown, runs } = asked
    const compared: ComparedRuns = await compareRuns(this.#home, runs, {
      by,
      gold,
      mostShown,
      rules: { ignoresCase, field },
      onCompared: (rows) => {
        job().comparedRows = rows
        this.#assertWanted(job())
      },
    })
    return doneAnswer(this.#home, asked, compared)
  }

  #assertWanted({ askedAt, isReplaced }: Job): void {
    const isForgotten = this.#home.clock.monotonic() - askedAt > FORGOTTEN_MS
    if (!isForgotten && !isReplaced && !this.#stopping.aborted) return
    throw new LlmBatchError('busy', 'the comparison was given up', { next: 'Ask for it again; one is made at a time.' })
  }
}

/** A run that goes on has another comparison later. */
function keyOf({ by, field, gold, ignoresCase, mostShown, runs }: AskedComparison): string {
  const stands = runs.map(({ finishedAt, id, state }: RunRecord) => [id, state, finishedAt])
  return JSON.stringify([stands, by, gold, field, ignoresCase, mostShown])
}
