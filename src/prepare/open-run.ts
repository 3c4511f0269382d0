import { isDeepStrictEqual } from 'node:util'
import { LlmBatchError } from '../model/error.ts'
import { runIdFrom } from '../model/ids.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import type { RunDefinition } from '../model/run.ts'
import { checkOutput } from '../output/check-output.ts'
import type { RunRecord } from '../store/port/run.ts'
import { removeDrafts, removeFailedDraft } from '../workspace/remove-run.ts'
import { whileNoOtherStarts } from '../workspace/start-lock.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { definitionOf, type NewRunOptions } from './definition.ts'
import { createRun } from './freeze-run.ts'
import { type TakenRun, takeRun } from './start.ts'

/** Options of an open run. Its rows come later, and it is known by its name. */
export type OpenRunOptions = Omit<NewRunOptions, 'input' | 'job' | 'name' | 'since'> & { readonly name: string }

/** What the first rows tell, before there are any. */
const NOT_TOLD: Pick<RunDefinition, 'shape'> = { shape: 'records' }

/**
 * Makes an open run of no rows, or takes up the one of this name, which may be sealed by now. Nothing is sent. Throws
 * `usage`, `name_taken` where a run of that name asks otherwise or is none that rows are appended to, or `busy`.
 */
export async function takeOpenRun(workspace: Workspace, options: OpenRunOptions): Promise<TakenRun> {
  assertIdentified(options)
  const definition = { ...definitionOf(workspace, { ...options, input: { source: { rows: [] } } }), ...NOT_TOLD }
  await removeDrafts(workspace)
  const made = await whileNoOtherStarts(workspace, options.name, async () => {
    const named = (await workspace.store.listRuns()).find(({ name }) => name === options.name)
    if (!named) return await makeOpenRun(workspace, definition, options)
    assertSameRun(named, definition)
    return named
  })
  const { promptFunction } = options
  if ('isAttached' in made) return { ...made, promptFunction }
  const taken = await takeRun(workspace, made.id, options.maxCostUsd)
  if (options.output.path !== null) await taken.store.steerRun({ output: options.output })
  return { ...taken, promptFunction }
}

async function makeOpenRun(
  workspace: Workspace,
  definition: RunDefinition,
  options: OpenRunOptions,
): Promise<TakenRun> {
  const { clock, disk, random, store: runs } = workspace
  await checkOutput(options.output, definition.inputPaths, disk)
  const id = runIdFrom(random.bytes(4), new Date(clock.now()))
  const lock = await runs.lockRun(id)
  try {
    const store = await createRun(workspace, id, definition, options)
    await store.beginRun({ name: options.name, isOpen: true, rowsHash: null, requestsHash: null, carried: null })
    return { store, lock, isAttached: false, areAnswersThere: false, estimate: null }
  } catch (error) {
    await removeFailedDraft(workspace, id, lock)
    throw error
  }
}

/** Rows that are made into requests have an id only where a column of it is named. */
function assertIdentified({
  idColumn,
  messages,
  messagesColumn,
  prompt,
  promptFunction,
  textColumn,
}: OpenRunOptions): void {
  const asking = [messages, messagesColumn, prompt, promptFunction, textColumn]
  if (idColumn !== undefined || asking.every((part) => part === undefined)) return
  throw new LlmBatchError('usage', 'an open run knows its rows by their ids, and was not told where these are', {
    next: `Name their column with ${mention('idColumn')}.`,
  })
}

/** Where it goes to is looked at when it is driven, and what the first row tells is not known before there is one. */
function assertSameRun({ definition, id, name, rowsHash }: RunRecord, wanted: RunDefinition): void {
  const plain = (one: RunDefinition): unknown =>
    JSON.parse(JSON.stringify({ ...one, baseUrl: '', hasTextLists: false, ...NOT_TOLD }))
  // Any other run has the hash of all of its rows.
  if (rowsHash === null && isDeepStrictEqual(plain(definition), plain(wanted))) return
  const what = rowsHash === null ? 'another prompt or other parameters' : 'rows of its own, and was never open'
  throw new LlmBatchError('name_taken', `run ${id} has the name ${name}, but ${what}`, {
    next: `Choose another ${mention('name')}, or remove that run with: ${commandLine('runs', 'rm')}`,
  })
}
