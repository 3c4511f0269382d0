import { resolve } from 'node:path'
import { type InputOptions, inputPathsOf } from '../input/open.ts'
import { writeAtomically } from '../lib/atomic-file.ts'
import type { AnswerDefinition } from '../model/answer.ts'
import { ENDPOINTS_BY_NAME, type EndpointChoice, endpointPath } from '../model/endpoint.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { runIdFrom } from '../model/ids.ts'
import {
  type CarriedOver,
  type ImageDetail,
  isFinished,
  type MessageTemplate,
  type OutputPlan,
  type RunDefinition,
} from '../model/run.ts'
import { parseModel } from '../model/target.ts'
import { answerShapeOf } from '../output/answer-shape.ts'
import { checkOutput } from '../output/check-output.ts'
import { checkFields, type FieldOptions } from '../output/fields.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { capMicrosOf } from '../prices/micros.ts'
import { findProvider } from '../providers/registry.ts'
import type { PromptFunction } from '../request/chat-messages.ts'
import { lockRun, type RunLock } from '../store/lock.ts'
import { runFolder } from '../store/run-folder.ts'
import type { RunRecord, RunStore } from '../store/store.ts'
import { assertPriced, capRun, isCapped } from './budget.ts'
import { mustPointOut, openCarry, tellCarried } from './carry.ts'
import { runContext } from './context.ts'
import { estimateRun } from './estimate.ts'
import { type Frozen, freeze } from './freeze.ts'
import { type Job, jobText, withOwnRows } from './job-text.ts'
import { tellOrigins } from './origins.ts'
import { prepareInput } from './prepare.ts'
import { InputProblemsError } from './problem-list.ts'
import { whileNoOtherStarts } from './start-lock.ts'
import type { Workspace } from './workspace.ts'

/** What a new run is made from. */
export interface NewRunOptions {
  readonly input: Omit<InputOptions, 'disk'>
  /** `provider/model`; may be absent for provider-ready lines. */
  readonly model?: string | undefined
  /** For provider-ready lines without `model`. @default 'openai' */
  readonly provider?: string | undefined
  /** A short name such as `embeddings`, or a path such as `/v1/ocr`. @default chat, or what provider-ready lines name */
  readonly endpoint?: EndpointChoice | undefined
  /** The column that is sent as it is, at endpoints that take a text: in place of a prompt. */
  readonly textColumn?: string | undefined
  /** The column with what follows the gap to be filled (`fim`). */
  readonly suffixColumn?: string | undefined
  readonly prompt?: string | undefined
  readonly promptFunction?: PromptFunction | undefined
  readonly system?: string | undefined
  /** Turns before the prompt, or the whole conversation, as templates. */
  readonly messages?: readonly MessageTemplate[] | undefined
  /** The column that holds a conversation, as a list of messages or as the JSON text of one. */
  readonly messagesColumn?: string | undefined
  /** Columns that name images: paths, `https` or `data:` URLs, or lists of them. */
  readonly imageColumns?: readonly string[] | undefined
  readonly imageDetail?: ImageDetail | undefined
  readonly maxTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
  readonly timeoutHours?: number | undefined
  readonly idColumn?: string | undefined
  readonly skipInvalid?: boolean | undefined
  /** Whether identical requests are sent once. @default where the answer is meant to be the same */
  readonly dedupe?: boolean | undefined
  /** A run whose answers are carried over to rows that ask the same: an id, a beginning of one, a name, or `last`. */
  readonly since?: string | undefined
  /** What every answer must look like. @default free text */
  readonly answer?: AnswerDefinition | undefined
  /** How often a row is asked again whose answer does not fit. @default 0 */
  readonly maxReasks?: number | undefined
  readonly limit?: number | undefined
  readonly sample?: number | undefined
  readonly seed?: number | undefined
  readonly name?: string | undefined
  /** Buys the same work once more. */
  readonly again?: boolean | undefined
  /** The most the run may cost, in US dollars. @default what the configuration says */
  readonly maxCostUsd?: number | undefined
  /**
   * Looks at the estimate of a new run before the run exists, and throws where that is not agreed to; then nothing
   * remains of it.
   */
  readonly agree?: ((runId: string, estimate: PlanSummary) => Promise<void>) | undefined
  /** Kept with the run, so that it can be repeated. */
  readonly job?: Job | undefined
  readonly output: OutputPlan
}

/** A run taken up for writing: the caller holds its lock and releases it. */
export interface TakenRun {
  readonly store: RunStore
  readonly lock: RunLock
  /** True where the same work was found in a run that is here already. */
  readonly isAttached: boolean
  /** What it was expected to cost and take; null for a run that was here already. */
  readonly estimate: PlanSummary | null
}

/** The facts of a definition that are known before the input is read. */
export function definitionOf(
  { configuration }: Pick<Workspace, 'configuration'>,
  options: NewRunOptions,
): Omit<RunDefinition, 'shape'> {
  const { provider, model } = targetOf(options)
  assertReaskable(options)
  const baseUrl = configuration.baseUrlOf(findProvider(provider))
  return {
    version: 1,
    provider,
    baseUrl,
    model,
    endpoint: options.endpoint === undefined ? null : pathOf(options.endpoint),
    textColumn: options.textColumn ?? null,
    suffixColumn: options.suffixColumn ?? null,
    hasTextLists: false,
    inputPaths: inputPathsOf(options.input.source)?.map((path) => (path === '-' ? path : resolve(path))) ?? null,
    prompt: options.prompt ?? null,
    system: options.system ?? null,
    messages: options.messages ?? null,
    messagesColumn: options.messagesColumn ?? null,
    imageColumns: options.imageColumns ?? [],
    imageDetail: options.imageDetail ?? null,
    maxTokens: options.maxTokens ?? null,
    temperature: options.temperature ?? null,
    parameters: options.parameters ?? {},
    timeoutHours: options.timeoutHours ?? null,
    idColumn: options.idColumn ?? null,
    skipInvalid: options.skipInvalid ?? false,
    dedupe: options.dedupe ?? null,
    answer: options.answer ?? null,
    maxReasks: options.maxReasks ?? 0,
  }
}

/** Asking again needs something that answers are checked by. */
function assertReaskable({ answer, maxReasks = 0 }: NewRunOptions): void {
  if (!Number.isSafeInteger(maxReasks) || maxReasks < 0) {
    throw new LlmBatchError('usage', `${maxReasks} is no number of times to ask again`, {
      next: 'Write a whole number.',
    })
  }
  if (maxReasks === 0 || answer !== undefined) return
  throw new LlmBatchError('usage', 'asking again needs a schema that tells which answers are invalid', {
    next: 'Add --schema FILE or --field, or leave --reask out.',
  })
}

function pathOf(endpoint: string): string {
  const path = endpointPath(endpoint)
  if (path !== undefined) return path
  throw new LlmBatchError('usage', `there is no endpoint named ${JSON.stringify(endpoint)}`, {
    next: `Name one of ${Object.keys(ENDPOINTS_BY_NAME).join(', ')}, or write its path, such as /v1/ocr.`,
  })
}

function targetOf({ model, provider }: NewRunOptions): { provider: string; model: string | null } {
  if (model === undefined) return { provider: provider ?? 'openai', model: null }
  const parsed = parseModel(model)
  if (!parsed) {
    throw new LlmBatchError('usage', `--model ${model} names no provider`, {
      next: 'Write provider/model, such as openai/gpt-5-mini or mistral/mistral-small-latest.',
    })
  }
  if (provider !== undefined && provider !== parsed.provider) {
    throw new LlmBatchError('usage', `--provider ${provider} contradicts --model ${model}`, { next: 'Leave one out.' })
  }
  return parsed
}

/**
 * Makes a run from an input, or finds the same work in a run that is here: the same content twice is one run, unless
 * asked for again. Everything is read, checked and frozen before anything is sent; when something is wrong, nothing of
 * the draft remains. Throws `InputProblemsError`, `usage`, `input`, `already_done`, `name_taken` or `busy`.
 */
export async function takeNewRun(workspace: Workspace, options: NewRunOptions, emit: Emit): Promise<TakenRun> {
  const { clock, disk, home, random } = workspace
  const definition = definitionOf(workspace, options)
  await checkOutput(options.output, definition.inputPaths, disk)
  await removeDrafts(workspace)
  const id = runIdFrom(random.bytes(4), new Date(clock.now()))
  const folder = runFolder(home, id)
  await disk.makeFolder(folder.path)
  const lock = await lockRun(disk, folder.lock, id)
  try {
    const draft = await makeDraft(workspace, id, definition, options, emit)
    // Nobody is asked about work that is here already; whoever else starts it meanwhile is noticed below.
    if (!(await findSameWork(workspace, draft, definition, options))) await options.agree?.(id, draft.estimate)
    const known = await whileNoOtherStarts(workspace, id, async () => {
      const same = await findSameWork(workspace, draft, definition, options)
      if (!same) await keepJob(workspace, id, options, draft.carried)
      if (!same) await draft.store.sealRun({ ...draft.frozen, carried: draft.carried, name: options.name ?? null })
      return same
    })
    if (!known) {
      const { rowCount: rows, requestCount: requests, batchCount: batches } = draft.frozen
      const { carried, shared } = draft.estimate.sharing
      emit({ type: 'prepared', rows, requests, batches, carried: carried?.rows ?? 0, shared: shared.rows })
      return { store: draft.store, lock, isAttached: false, estimate: draft.estimate }
    }
    assertSameCheck(known, definition)
    const taken = await takeRun(workspace, known.id, options.maxCostUsd)
    await removeRun(workspace, id, lock)
    await taken.store.steerRun(options.output)
    return { ...taken, isAttached: true }
  } catch (error) {
    await removeRun(workspace, id, lock)
    throw error
  }
}

/**
 * Takes up a run for writing, with another cap where one is given. Throws `busy` where another process drives it, `usage`
 * where a cap cannot be kept.
 */
export async function takeRun(workspace: Workspace, id: string, maxCostUsd?: number): Promise<TakenRun> {
  const { disk, home, store } = workspace
  const lock = await lockRun(disk, runFolder(home, id).lock, id)
  try {
    const run = await store.write(id)
    if (maxCostUsd !== undefined) await capRun(workspace, run, maxCostUsd)
    return { store: run, lock, isAttached: true, estimate: null }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** A run as it was frozen, before anyone has agreed to it. */
interface Draft {
  readonly store: RunStore
  readonly frozen: Frozen
  readonly carried: CarriedOver | null
  readonly estimate: PlanSummary
}

async function makeDraft(
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
  const told = tellOrigins(input, { dedupe: definition.dedupe, carry, isCounting: false })
  const frozen = await freeze(context, told)
  checkFields(fieldOptions(options.output, input.definition, frozen), 'input')
  if (frozen.problems.total > 0 && !definition.skipInvalid) throw new InputProblemsError(frozen.problems)
  if (frozen.emptyPlaceholders > 0) {
    emit({
      type: 'warning',
      code: 'empty_placeholders',
      message: `${frozen.emptyPlaceholders} of ${frozen.rowCount} rows leave every placeholder of the prompt empty`,
      batch: null,
    })
  }
  const { cuts, emptyPlaceholders, invalidCount: problems, rowBytes, rowCount: rows, tally } = frozen
  const sharing = { tally: told.tally, from: carry?.run.id ?? null, isCounting: false }
  const { baseUrl, maxReasks, maxTokens } = definition
  const counts = { rows, problems, emptyPlaceholders, rowBytes, maxReasks, maxTokens, sharing }
  const ports = { clock, configuration, provider: context.provider, home: store, baseUrl }
  const estimate = await estimateRun(ports, { counts, cuts, tally })
  const targets = estimate.targets.map(({ target }) => target)
  if (isCapped(context.budget)) assertPriced(targets, context.priceOf)
  const { carried } = estimate.sharing
  if (carry && carried) tellCarried(carry, carried, emit)
  return { store: draft, frozen, carried, estimate }
}

/** Keeps what the run was started from; whole or not at all. */
async function keepJob(
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

/** What the columns of an answers file follow from. */
export function fieldOptions(
  plan: OutputPlan,
  definition: RunDefinition,
  { columns, files }: Pick<RunRecord, 'columns' | 'files'>,
): FieldOptions {
  return {
    plan,
    format: plan.format,
    shape: answerShapeOf(definition),
    columns,
    hasSources: files.length > 0,
    hasTurns: definition.maxReasks > 0,
  }
}

/** The run that holds the same work, or undefined where there is none and a new one may be made. */
async function findSameWork(
  { disk, store }: Workspace,
  { carried, frozen }: Pick<Draft, 'carried' | 'frozen'>,
  { provider, baseUrl }: Omit<RunDefinition, 'shape'>,
  { again, name, output }: NewRunOptions,
): Promise<RunRecord | undefined> {
  const runs = (await store.listRuns()).filter(({ state }) => state !== 'preparing')
  const isSame = (run: RunRecord): boolean =>
    run.requestsHash === frozen.requestsHash &&
    run.rowsHash === frozen.rowsHash &&
    run.definition.provider === provider &&
    run.definition.baseUrl === baseUrl
  const named = name === undefined ? undefined : runs.find((run) => run.name === name)
  if (named) {
    if (isSame(named) && (!again || named.state === 'ready')) return named
    throw new LlmBatchError(
      'name_taken',
      `run ${named.id} is named ${name} and has other input, prompt or parameters`,
      {
        next: 'Choose another --name, or remove that run with: llm-batch runs rm',
      },
    )
  }
  const same = runs.filter(isSame)
  // Of a run that is ready nothing was sent: once more is that run, and a second one beside it would be twice more.
  if (again) return same.find(({ state }) => state === 'ready')
  const unfinished = same.find(({ state }) => !isFinished(state))
  if (unfinished) return unfinished
  const finished = same.find((run) => carried === null || mustPointOut(run, carried, frozen, runs))
  if (!finished) return undefined
  // A process that died between the last result and the answers file left nothing but the writing to do.
  if (finished.output.path === output.path && (await isUnwritten(disk, output.path))) return finished
  throw new LlmBatchError('already_done', `the same work was finished as run ${finished.id}; it was not bought again`, {
    next: `Write its answers with: llm-batch results ${finished.id} -o OUT. To pay once more, add --again.`,
  })
}

/**
 * Provider-ready lines are the same work under any schema, and so is asking again or not: a run keeps what it was begun
 * with, and who asks for something else must be told.
 */
function assertSameCheck({ definition, id }: RunRecord, wanted: Omit<RunDefinition, 'shape'>): void {
  const checkOf = ({ answer, maxReasks }: typeof wanted): string => JSON.stringify([answer, maxReasks])
  if (checkOf(definition) === checkOf(wanted)) return
  throw new LlmBatchError('usage', `run ${id} is the same work, begun with another schema or another --reask`, {
    next: `Go on with it as it is: llm-batch resume ${id}. To buy the same work once more, add --again.`,
  })
}

async function isUnwritten(disk: Workspace['disk'], path: string | null): Promise<boolean> {
  return path !== null && path !== '-' && (await disk.size(path)) === undefined
}

/** Removes runs whose preparing was cut short; nothing of them was ever sent. */
async function removeDrafts(workspace: Workspace): Promise<void> {
  const { disk, home, store } = workspace
  for (const run of await store.listRuns()) {
    if (run.state !== 'preparing') continue
    try {
      const lock = await lockRun(disk, runFolder(home, run.id).lock, run.id)
      await removeRun(workspace, run.id, lock)
    } catch (error) {
      // Another process is preparing it just now.
      if (!LlmBatchError.isInstance(error) || error.code !== 'busy') throw error
    }
  }
}

/** Forgets a run with its folder and releases its lock. */
export async function removeRun({ disk, home, store }: Workspace, id: string, lock: RunLock): Promise<void> {
  await store.dropRun(id)
  lock.release()
  await disk.remove(runFolder(home, id).path)
}
