import { LlmBatchError } from '../model/error.ts'
import { isFinished } from '../model/run.ts'
import type { RunRecord, Store } from '../store/store.ts'

/**
 * The run a person means: an id, a unique beginning of one, a name, or `last`. Where nothing is given, the only
 * unfinished run, or else the only run at all. Throws `not_found` or `ambiguous`.
 */
export async function findRun(store: Store, wanted: string | undefined): Promise<RunRecord> {
  const runs = (await store.listRuns()).filter(({ state }) => state !== 'preparing')
  if (wanted === undefined) return onlyRun(runs)
  if (wanted === 'last') return first(runs, wanted)
  const exact = runs.find(({ id, name }) => id === wanted || name === wanted)
  if (exact) return exact
  const matching = runs.filter(({ id }) => id.startsWith(wanted))
  if (matching.length > 1) throw ambiguous(`${JSON.stringify(wanted)} fits ${matching.length} runs`, matching)
  return first(matching, wanted)
}

function onlyRun(runs: readonly RunRecord[]): RunRecord {
  const unfinished = runs.filter(({ state }) => !isFinished(state))
  const candidates = unfinished.length > 0 ? unfinished : runs
  if (candidates.length > 1) throw ambiguous('several runs fit', candidates)
  return first(candidates, undefined)
}

function first(runs: readonly RunRecord[], wanted: string | undefined): RunRecord {
  const [run] = runs
  if (run) return run
  const what = wanted === undefined || wanted === 'last' ? 'there is no run here' : `there is no run ${wanted}`
  throw new LlmBatchError('not_found', what, {
    next: 'List them with: llm-batch runs. Runs live in the home folder; --home names another one.',
  })
}

function ambiguous(what: string, runs: readonly RunRecord[]): LlmBatchError {
  const names = runs.slice(0, 5).map(({ id, name }) => (name === null ? id : `${id} (${name})`))
  return new LlmBatchError('ambiguous', `${what}: ${names.join(', ')}${runs.length > 5 ? ', …' : ''}`, {
    next: 'Name one of them.',
  })
}
