import { LlmBatchError } from '../../model/error.ts'
import { commandLine } from '../../model/options/mention.ts'
import { isFinished } from '../../model/run.ts'
import { RunRows } from '../../results/run-rows.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { findRun } from '../../workspace/find-run.ts'
import { workersAtWork } from '../../workspace/workers-at-work.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { Cause, RunSummary } from '../contract.ts'
import { summaryOf } from './summary.ts'

/** Runs whose rows can be read at once without opening them again: each keeps some megabytes. */
const MOST_OPEN = 3

/** Summaries of finished runs that are kept. */
const MOST_SUMMARIES = 2_000

/** A run whose rows are looked at, and what was found out about it on the way. */
export interface OpenedRun {
  readonly rows: RunRows
  /** Examples of causes, by what they are examples of. */
  readonly examples: Map<string, Cause['example']>
}

/** Memory of the server between requests: bounded, and all of it can be read again. */
export class OpenedRuns {
  readonly #home: Workspace
  readonly #open = new Map<string, OpenedRun>()
  readonly #finished = new Map<string, { readonly finishedAt: number | null; readonly summary: RunSummary }>()

  constructor(home: Workspace) {
    this.#home = home
  }

  /** The run that a word means, as it is now. Throws `not_found` or `ambiguous`. */
  async find(word: string): Promise<RunRecord> {
    const run = await this.#home.store.findRun(word)
    return run && run.state !== 'preparing' ? run : await findRun(this.#home.store, word)
  }

  /** The run of this id as it is now. Throws `not_found`. */
  async record(id: string): Promise<RunRecord> {
    const run = await this.#home.store.findRun(id)
    if (run) return run
    throw new LlmBatchError('not_found', `there is no run ${id}`, { next: `List them with: ${commandLine('runs')}` })
  }

  /** The rows of a run; the ones that were looked at last stay open. */
  async open({ definition, id }: RunRecord): Promise<OpenedRun> {
    const home = this.#home
    const opened = this.#open.get(id) ?? {
      rows: new RunRows({
        disk: home.disk,
        folder: home.folderOf(id),
        provider: await home.describe(definition.provider),
        store: home.store.read(id),
      }),
      examples: new Map(),
    }
    this.#open.delete(id)
    this.#open.set(id, opened)
    forgetOldest(this.#open, MOST_OPEN)
    return opened
  }

  /** A run as the list shows it. Those of finished runs are kept, because they change no more. */
  async summary(run: RunRecord, hasWorkers?: boolean): Promise<RunSummary> {
    const kept = this.#finished.get(run.id)
    if (kept && isFinished(run.state) && kept.finishedAt === run.finishedAt) return kept.summary
    const summary = await summaryOf(this.#home, run, hasWorkers ?? (await workersAtWork(this.#home)).length > 0)
    if (!isFinished(run.state) || summary.isWorkedOn) this.#finished.delete(run.id)
    else this.#finished.set(run.id, { finishedAt: run.finishedAt, summary })
    forgetOldest(this.#finished, MOST_SUMMARIES)
    return summary
  }
}

function forgetOldest<Value>(kept: Map<string, Value>, most: number): void {
  for (const key of kept.keys()) {
    if (kept.size <= most) return
    kept.delete(key)
  }
}
