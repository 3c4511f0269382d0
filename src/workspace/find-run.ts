import { LlmBatchError } from '../model/error.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import { isFinished } from '../model/run.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { Store } from '../store/store.ts'

/** Every run that people see, newest first: one that is being prepared may still come to nothing. */
export async function preparedRuns(store: Pick<Store, 'listRuns'>): Promise<readonly RunRecord[]> {
  return (await store.listRuns()).filter(({ state }) => state !== 'preparing')
}

/**
 * The run a person means: an id, a unique beginning of one, a name, or `last`. Where nothing is given, the only
 * unfinished run, or else the only run at all. Throws `not_found` or `ambiguous`.
 */
export async function findRun(store: Pick<Store, 'listRuns'>, wanted: string | undefined): Promise<RunRecord> {
  const [run, ...others] = await findRuns(store, wanted)
  if (!run) throw notFound(wanted)
  if (others.length > 0) throw ambiguous(wanted, [run, ...others])
  return run
}

/** Every run that a person may mean, newest first. */
export async function findRuns(
  store: Pick<Store, 'listRuns'>,
  wanted: string | undefined,
): Promise<readonly RunRecord[]> {
  const runs = await preparedRuns(store)
  if (wanted === 'last') return runs.slice(0, 1)
  if (wanted === undefined) {
    const unfinished = runs.filter(({ state }) => !isFinished(state))
    return unfinished.length > 0 ? unfinished : runs
  }
  const exact = runs.find(({ id, name }) => id === wanted || name === wanted)
  return exact ? [exact] : runs.filter(({ id }) => id.startsWith(wanted))
}

/** Every unfinished run and the last finished one, newest first; throws `not_found` where there is none at all. */
export async function openRunsAndLast(store: Pick<Store, 'listRuns'>): Promise<readonly RunRecord[]> {
  const runs = await preparedRuns(store)
  if (runs.length === 0) throw notFound(undefined)
  const finished = runs.filter(({ state }) => isFinished(state))
  const [last] = finished.toSorted((left, right) => (right.finishedAt ?? 0) - (left.finishedAt ?? 0))
  const open = runs.filter(({ state }) => !isFinished(state))
  return last === undefined ? open : [...open, last]
}

function notFound(wanted: string | undefined): LlmBatchError {
  const what = wanted === undefined || wanted === 'last' ? 'there is no run here' : `there is no run ${wanted}`
  return new LlmBatchError('not_found', what, {
    next: `List them with: ${commandLine('runs')}. Runs live in the home folder; ${mention('home')} names another one.`,
  })
}

function ambiguous(wanted: string | undefined, runs: readonly RunRecord[]): LlmBatchError {
  const what = wanted === undefined ? 'several runs fit' : `${JSON.stringify(wanted)} fits ${runs.length} runs`
  const names = runs.slice(0, 5).map(({ id, name }) => (name === null ? id : `${id} (${name})`))
  return new LlmBatchError('ambiguous', `${what}: ${names.join(', ')}${runs.length > 5 ? ', …' : ''}`, {
    next: 'Name one of them.',
  })
}
