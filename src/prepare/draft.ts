import { writeAtomically } from '../lib/atomic-file.ts'
import { readFrozenRows } from '../log/frozen-rows.ts'
import type { Emit } from '../model/event.ts'
import type { CarriedOver, OutputPlan, RunDefinition } from '../model/run.ts'
import { checkFields } from '../output/fields.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { capMicrosOf } from '../prices/micros.ts'
import type { PromptReview } from '../request/templates/prompt-review.ts'
import { runFolder } from '../store/run-folder.ts'
import type { RunStore } from '../store/store.ts'
import { fieldOptions } from '../workspace/answer-fields.ts'
import { assertPriced, isCapped } from '../workspace/budget.ts'
import { runContext } from '../workspace/context.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { openCarry, tellCarried } from './carry.ts'
import type { NewRunOptions } from './definition.ts'
import { estimateRun } from './estimate.ts'
import { AnsweredRows, isAnswersFile, withoutEarlierColumns } from './failed-input.ts'
import { type Frozen, freeze } from './freeze.ts'
import { jobText, withOwnRows } from './job-text.ts'
import { tellOrigins } from './origins.ts'
import { prepareInput } from './prepare.ts'
import { InputProblemsError } from './problem-list.ts'

/** Requests among which identical ones are counted, for a hint; a plan compares all, which takes more memory. */
export const REQUESTS_COMPARED = 100_000

/** A run as it was frozen, before anyone has agreed to it. */
export interface Draft {
  readonly store: RunStore
  readonly frozen: Frozen
  /** Where the answers go, and which columns of the input are kept there. */
  readonly output: OutputPlan
  readonly carried: CarriedOver | null
  readonly estimate: PlanSummary
  readonly review: PromptReview
}

/** Reads, checks and freezes a run. Nothing is sent; when something is wrong, the caller removes what there is of it. */
export async function makeDraft(
  workspace: Workspace,
  id: string,
  definition: Omit<RunDefinition, 'shape'>,
  options: NewRunOptions,
  emit: Emit,
): Promise<Draft> {
  const { clock, configuration, disk, store } = workspace
  const input = await prepareInput({
    ...options,
    definition,
    input: { ...options.input, disk },
    provider: workspace.connect(definition.provider),
    settings: configuration.settings,
  })
  await store.createRun({ id, definition: input.definition, output: options.output, createdAt: clock.now() })
  const draft = await store.write(id)
  if (options.maxCostUsd !== undefined) await draft.capRun(capMicrosOf(options.maxCostUsd))
  const context = await runContext(workspace, draft, emit)
  const carry = options.since === undefined ? null : await openCarry(workspace, store, definition, options.since)
  const told = tellOrigins(input, {
    dedupe: definition.dedupe,
    carry,
    isCounting: true,
    mostCounted: REQUESTS_COMPARED,
  })
  const frozen = await freeze(context, told)
  const output = await outputFor(context, options.output, frozen)
  if (output !== options.output) await draft.steerRun(output)
  checkFields(fieldOptions(output, input.definition, frozen), 'input')
  if (frozen.problems.total > 0 && !definition.skipInvalid) throw new InputProblemsError(frozen.problems)
  for (const message of input.review.warnings) emit({ type: 'warning', code: 'prompt', message, batch: null })
  if (frozen.emptyPlaceholders > 0) {
    emit({
      type: 'warning',
      code: 'empty_placeholders',
      message: `${frozen.emptyPlaceholders} of ${frozen.rowCount} rows leave every placeholder of the prompt empty`,
      batch: null,
    })
  }
  const { cuts, emptyPlaceholders, invalidCount: problems, rowBytes, rowCount: rows, tally } = frozen
  const sharing = { tally: told.tally, from: carry?.run.id ?? null, isCounting: true }
  const { baseUrl, maxReasks, maxTokens } = definition
  const counts = { rows, problems, emptyPlaceholders, rowBytes, maxReasks, maxTokens, sharing }
  const ports = { clock, configuration, provider: context.provider, home: store, baseUrl }
  const estimate = await estimateRun(ports, { counts, cuts, tally })
  const targets = estimate.targets.map(({ target }) => target)
  if (isCapped(context.budget)) assertPriced(targets, context.priceOf)
  const bytesToCome = estimate.diskBytes - rowBytes - estimate.bytes
  if (bytesToCome > (await disk.freeBytes(workspace.home))) {
    emit({ type: 'warning', code: 'disk_space', message: 'the disk has not enough room for this run', batch: null })
  }
  const { carried } = estimate.sharing
  if (carry && carried) tellCarried(carry, carried, emit)
  return { store: draft, frozen, output, carried, estimate, review: input.review }
}

/** The plan that was asked for, or, for rows that an earlier run has written as failed, one without what it said of them. */
async function outputFor(
  ports: Parameters<typeof readFrozenRows>[0],
  plan: OutputPlan,
  { columns, rowCount }: Frozen,
): Promise<OutputPlan> {
  if (!isAnswersFile(plan, columns)) return plan
  const answered = new AnsweredRows(plan)
  for await (const texts of readFrozenRows(ports, rowCount)) for (const text of texts) answered.add(text)
  return answered.hasAny ? plan : withoutEarlierColumns(plan, columns)
}

/** Keeps what the run was started from; whole or not at all. */
export async function keepJob(
  { disk, home }: Workspace,
  id: string,
  { input, job }: NewRunOptions,
  carried: CarriedOver | null,
): Promise<void> {
  if (!job) return
  const folder = runFolder(home, id)
  // `last` is another run by the time that the job is repeated.
  const steady = carried === null ? job : { ...job, fields: { ...job.fields, since: carried.from } }
  const isOfFiles = 'path' in input.source || 'paths' in input.source
  const text = jobText(isOfFiles ? steady : withOwnRows(steady, folder.rows), id)
  await writeAtomically(disk, folder.job, async (writer) => void (await writer.writeText(text)))
}
