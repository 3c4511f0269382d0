import { writeAtomically } from '../lib/atomic-file.ts'
import type { Emit } from '../model/event.ts'
import type { CarriedOver, RunDefinition } from '../model/run.ts'
import { checkFields } from '../output/fields.ts'
import { capMicrosOf } from '../prices/micros.ts'
import { createAnswerCheck } from '../schema/check-answer.ts'
import type { RunStore } from '../store/store.ts'
import { assertPriced, budgetOf, isCapped } from '../workspace/budget.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { tellCarried } from './carry.ts'
import type { NewRunOptions } from './definition.ts'
import { type Draft, makeDraft } from './draft.ts'
import type { Frozen } from './freeze.ts'
import { jobText, withOwnRows } from './job-text.ts'
import { InputProblemsError } from './problem-list.ts'
import { RunFiles } from './run-sinks.ts'

/** Requests among which identical ones are counted, for a hint; a plan compares all, which takes more memory. */
export const REQUESTS_COMPARED = 100_000

/** A draft that was frozen as a run, before anyone has agreed to it. */
export interface FrozenRun extends Draft {
  readonly store: RunStore
  readonly frozen: Frozen & ReturnType<RunFiles['hashes']>
}

/**
 * Makes the draft of a run in its home, and refuses or warns of what is wrong with it. Nothing is sent; when something is
 * wrong, the caller removes what there is of it.
 */
export async function freezeRun(
  workspace: Workspace,
  id: string,
  definition: Omit<RunDefinition, 'shape'>,
  options: NewRunOptions,
  emit: Emit,
): Promise<FrozenRun> {
  const provider = await workspace.connect(definition.provider)
  let made: { readonly run: RunStore; readonly files: RunFiles } | undefined
  const openSinks = async (whole: RunDefinition): Promise<RunFiles> => {
    const run = await createRun(workspace, id, whole, options)
    const folder = workspace.folderOf(id)
    const check = whole.answer && (await createAnswerCheck(whole.answer))
    const files = await RunFiles.open({ ...workspace, provider, store: run, folder, check }, 1, null)
    made = { run, files }
    return files
  }
  const choices = { openSinks, mostCounted: REQUESTS_COMPARED }
  const draft = await makeDraft({ site: workspace, home: workspace, provider }, definition, options, choices)
  if (!made) throw new Error('the draft was not frozen')
  const { files, run } = made
  if (draft.output !== options.output) await run.steerRun({ output: draft.output })
  for (const message of draft.review.warnings) emit({ type: 'warning', code: 'prompt', message, batch: null })
  await addFrozen(workspace, made, draft, emit)
  return { ...draft, store: run, frozen: { ...draft.frozen, ...files.hashes() } }
}

/**
 * Adds frozen rows to a run, with the batches of their requests, where nothing is wrong with them. Throws
 * `InputProblemsError`, `usage` where a cap cannot be kept, or `sealed`; then nothing of them counts.
 */
export async function addFrozen(
  workspace: Workspace,
  { files, run }: { readonly run: RunStore; readonly files: RunFiles },
  draft: Draft,
  emit: Emit,
): Promise<void> {
  assertSendable(draft)
  await assertAffordable(workspace, run, draft)
  await warn(workspace, draft, emit)
  const { definition, frozen } = draft
  const { columns, files: inputFiles, invalidCount: skippedCount, requestCount, rowCount } = frozen
  const counts = { rowCount, requestCount, skippedCount }
  await run.addPortion({ ...(await files.portion()), ...counts, columns, files: inputFiles, definition })
}

export async function createRun(
  { clock, store }: Workspace,
  id: string,
  definition: RunDefinition,
  { maxCostUsd, output }: Pick<NewRunOptions, 'maxCostUsd' | 'output'>,
): Promise<RunStore> {
  await store.createRun({ id, definition, output, createdAt: clock.now() })
  const run = await store.write(id)
  if (maxCostUsd !== undefined) await run.capRun(capMicrosOf(maxCostUsd))
  return run
}

function assertSendable({ definition, fields, frozen }: Draft): void {
  checkFields(fields, 'input')
  if (frozen.problems.total > 0 && !definition.skipInvalid) throw new InputProblemsError(frozen.problems)
}

/** A cap cannot be kept where a price is not known. */
async function assertAffordable(workspace: Workspace, run: RunStore, { estimate }: Draft): Promise<void> {
  const budget = budgetOf(workspace, await run.record())
  if (isCapped(budget))
    assertPriced(
      estimate.targets.map(({ target }) => target),
      budget.priceOf,
    )
}

async function warn({ disk, filesFolder }: Workspace, draft: Draft, emit: Emit): Promise<void> {
  const { carried, carry, estimate, frozen } = draft
  if (frozen.emptyPlaceholders > 0) {
    emit({
      type: 'warning',
      code: 'empty_placeholders',
      message: `${frozen.emptyPlaceholders} of ${frozen.rowCount} rows leave every placeholder of the prompt empty`,
      batch: null,
    })
  }
  const bytesToCome = estimate.diskBytes - frozen.rowBytes - estimate.bytes
  if (bytesToCome > (await disk.freeBytes(filesFolder))) {
    emit({
      type: 'warning',
      code: 'disk_space',
      message: 'the disk does not have enough free space for this run',
      batch: null,
    })
  }
  if (carry && carried) tellCarried(carry, carried, emit)
}

/** Keeps what the run was started from; whole or not at all. */
export async function keepJob(
  { disk, folderOf }: Workspace,
  id: string,
  { input, job }: NewRunOptions,
  carried: CarriedOver | null,
): Promise<void> {
  if (!job) return
  const folder = folderOf(id)
  // `last` is another run by the time that the job is repeated.
  const steady = carried === null ? job : { ...job, fields: { ...job.fields, since: carried.from } }
  const isOfFiles = 'path' in input.source || 'paths' in input.source
  const text = jobText(isOfFiles ? steady : withOwnRows(steady, folder.portion(1).rows), id)
  await writeAtomically(disk, folder.job, async (writer) => void (await writer.writeText(text)))
}
