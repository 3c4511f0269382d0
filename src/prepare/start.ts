import { LlmBatchError } from '../model/error.ts'
import type { Emit, RunHappening } from '../model/event.ts'
import { runIdFrom } from '../model/ids.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import { isFinished, type RunDefinition } from '../model/run.ts'
import { checkOutput } from '../output/check-output.ts'
import type { PlanSummary } from '../plan/summary.ts'
import type { PromptFunction } from '../request/messages/chat-messages.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { Lock, RunStore } from '../store/store.ts'
import { capRun } from '../workspace/budget.ts'
import { preparedRuns } from '../workspace/find-run.ts'
import { refuseUnfitModels } from '../workspace/judged-models.ts'
import { removeDrafts, removeFailedDraft, removeRun } from '../workspace/remove-run.ts'
import { whileNoOtherStarts } from '../workspace/start-lock.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { findWrittenRun } from '../workspace/written-answers.ts'
import { mustPointOut } from './carry.ts'
import { definitionOf, type NewRunOptions, type WorkHashes } from './definition.ts'
import { withoutEarlierColumns } from './failed-input.ts'
import { type FrozenRun, freezeRun, keepJob } from './freeze-run.ts'

/** A run taken up for writing: the caller holds its lock and releases it. */
export interface TakenRun {
  readonly store: RunStore
  readonly lock: Lock
  /** True where the same work was found in a run that is here already. */
  readonly isAttached: boolean
  /** True where its answers lie already at the place that was named for them, and nothing is left to do. */
  readonly areAnswersThere: boolean
  /** What it was expected to cost and take; null for a run that was here already. */
  readonly estimate: PlanSummary | null
  /** Makes the prompts of rows that are appended, where a program has such a function. */
  readonly promptFunction?: PromptFunction | undefined
}

/**
 * Makes a run from an input, or finds the same work in a run that is here: the same content twice is one run, unless
 * asked for again. Everything is read, checked and frozen before anything is sent; when something is wrong, nothing of
 * the draft remains. Throws `InputProblemsError`, `usage`, `input`, `already_finished`, `name_taken`, `unfit_model` or
 * `busy`.
 */
export async function takeNewRun(
  workspace: Workspace,
  options: NewRunOptions,
  listener: (happening: RunHappening) => void,
): Promise<TakenRun> {
  const { clock, disk, random } = workspace
  const definition = definitionOf(workspace, options)
  const written = await findWritten(workspace, options)
  const refuseOutput = (force: boolean) => checkOutput({ ...options.output, force }, definition.inputPaths, disk)
  await refuseOutput(options.output.force || written !== undefined)
  await removeDrafts(workspace)
  const id = runIdFrom(random.bytes(4), new Date(clock.now()))
  const emit: Emit = (happening) => listener({ run: id, name: options.name ?? null, ...happening })
  await disk.makeFolder(workspace.folderOf(id).path)
  const lock = await workspace.store.lockRun(id)
  try {
    const draft = await freezeRun(workspace, id, definition, options, emit)
    assertAsPlanned(draft.frozen, options.plannedAs)
    const here = await findSameWork(workspace, draft, definition, options, written)
    // The file that is there holds the answers to other work.
    if (written !== undefined && here?.id !== written.id) await refuseOutput(false)
    if (!here) await refuseUnfit(workspace, draft, options.forceModel ?? false, emit)
    // Work that is here already needs no question; a concurrent start of it is noticed below.
    if (!here) await options.agree?.(id, draft)
    const known = await whileNoOtherStarts(workspace, id, async () => {
      const same = await findSameWork(workspace, draft, definition, options, written)
      if (!same) await keepJob(workspace, id, options, draft.carried)
      if (!same)
        await draft.store.beginRun({
          name: options.name ?? null,
          isOpen: false,
          rowsHash: draft.frozen.rowsHash,
          requestsHash: draft.frozen.requestsHash,
          carried: draft.carried,
        })
      return same
    })
    if (!known) {
      const { rowCount: rows, requestCount: requests, batchCount: batches } = draft.frozen
      const { carried, shared } = draft.estimate.sharing
      emit({ type: 'prepared', rows, requests, batches, carried: carried?.rows ?? 0, shared: shared.rows })
      return { store: draft.store, lock, isAttached: false, areAnswersThere: false, estimate: draft.estimate }
    }
    assertSameCheck(known, definition)
    const taken = await takeRun(workspace, known.id, options.maxCostUsd)
    await removeRun(workspace, id, lock)
    const areAnswersThere = known.id === written?.id
    if (!areAnswersThere) await taken.store.steerRun({ output: draft.output })
    return { ...taken, areAnswersThere }
  } catch (error) {
    await removeFailedDraft(workspace, id, lock)
    throw error
  }
}

/**
 * Takes up a run for writing, with another cap where one is given. Throws `busy` where another process drives it, `usage`
 * where a cap cannot be kept.
 */
export async function takeRun(workspace: Workspace, id: string, maxCostUsd?: number): Promise<TakenRun> {
  const { store } = workspace
  const lock = await store.lockRun(id)
  try {
    const run = await store.write(id)
    if (maxCostUsd !== undefined) await capRun(workspace, run, maxCostUsd)
    return { store: run, lock, isAttached: true, areAnswersThere: false, estimate: null }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** What was agreed to before the input was frozen is that work and no other. */
function assertAsPlanned(
  { requestsHash, rowsHash }: WorkHashes,
  planned: WorkHashes = { requestsHash, rowsHash },
): void {
  if (planned.requestsHash === requestsHash && planned.rowsHash === rowsHash) return
  throw new LlmBatchError('usage', 'the input is not what it was when it was planned; nothing was sent', {
    next: 'Plan it again, and accept the new price.',
  })
}

/** Nothing that no model would answer is agreed to; what was found here already may have been sent long ago. */
async function refuseUnfit(
  workspace: Workspace,
  { definition, estimate }: FrozenRun,
  isForced: boolean,
  emit: Emit,
): Promise<void> {
  const targets = estimate.targets.map(({ target }) => target)
  await refuseUnfitModels(workspace, { targets, timeoutHours: definition.timeoutHours, isForced }, emit)
}

/** The finished run whose answers lie where those of a new run are to go, which may be the same work. */
async function findWritten({ disk, store }: Workspace, options: NewRunOptions): Promise<RunRecord | undefined> {
  const { again, output, takesFinished } = options
  if (!takesFinished || again || output.force) return undefined
  return await findWrittenRun(disk, await store.listRuns(), output, ({ columns }) =>
    withoutEarlierColumns(output, columns),
  )
}

/**
 * The run that holds the same work, or undefined where there is none and a new one may be made. Of several finished ones,
 * the one whose answers are written.
 */
async function findSameWork(
  { disk, store }: Workspace,
  { carried, frozen }: Pick<FrozenRun, 'carried' | 'frozen'>,
  { provider, baseUrl }: Omit<RunDefinition, 'shape'>,
  { again, name, output, takesFinished }: NewRunOptions,
  written: RunRecord | undefined,
): Promise<RunRecord | undefined> {
  const runs = await preparedRuns(store)
  // A run that is held with nothing sent takes another base URL, which is the one to go on with.
  const movable = new Set<string>()
  for (const { id, state } of runs) {
    if (state === 'held' && !(await store.read(id).origin()).hasSent) movable.add(id)
  }
  const isSame = (run: RunRecord): boolean =>
    run.requestsHash === frozen.requestsHash &&
    run.rowsHash === frozen.rowsHash &&
    run.definition.provider === provider &&
    (run.definition.baseUrl === baseUrl || movable.has(run.id))
  const named = name === undefined ? undefined : runs.find((run) => run.name === name)
  if (named) {
    if (isSame(named) && (!again || named.state === 'ready')) return named
    throw new LlmBatchError(
      'name_taken',
      `run ${named.id} has the name ${name}, but other input, prompt or parameters`,
      {
        next: `Choose another ${mention('name')}, or remove that run with: ${commandLine('runs', 'rm')}`,
      },
    )
  }
  const same = runs.filter(isSame)
  // Of a run that is ready nothing was sent: once more is that run, and a second one beside it would be twice more.
  if (again) return same.find(({ state }) => state === 'ready')
  const unfinished = same.find(({ state }) => !isFinished(state))
  if (unfinished) return unfinished
  const done = same.filter((run) => carried === null || mustPointOut(run, carried, frozen, runs))
  const finished = done.find(({ id }) => id === written?.id) ?? done[0]
  if (!finished || takesFinished) return finished
  // A process that died between the last result and the answers file left nothing but the writing to do.
  if (finished.output.path === output.path && (await isUnwritten(disk, output.path))) return finished
  throw new LlmBatchError(
    'already_finished',
    `run ${finished.id} has finished the same work already; nothing was sent`,
    {
      next: `Write its answers with: ${commandLine('results', finished.id, mention('output', 'OUT'))}. To pay once more, add ${mention('again')}.`,
    },
  )
}

/**
 * Provider-ready lines are the same work under any schema, and so is asking again or not: a run keeps what it was begun
 * with, and who asks for something else must be told.
 */
function assertSameCheck({ definition, id }: RunRecord, wanted: Omit<RunDefinition, 'shape'>): void {
  const checkOf = ({ answer, maxReasks }: typeof wanted): string => JSON.stringify([answer, maxReasks])
  if (checkOf(definition) === checkOf(wanted)) return
  throw new LlmBatchError('usage', `run ${id} has the same work, but another schema or another ${mention('reask')}`, {
    next: `Go on with it as it is: ${commandLine('resume', id)}. To buy the same work once more, add ${mention('again')}.`,
  })
}

async function isUnwritten(disk: Workspace['disk'], path: string | null): Promise<boolean> {
  return path !== null && path !== '-' && (await disk.size(path)) === undefined
}
