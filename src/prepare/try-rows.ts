import pLimit from 'p-limit'
import type { PreparedRow } from '../batching/prepared-row.ts'
import { judgeAnswer } from '../collect/judge-answer.ts'
import { asAsked } from '../log/requests-as-sent.ts'
import { wireId, wirePrefix } from '../model/ids.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Problem } from '../model/problem.ts'
import type { RunDefinition } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import { costOfRequest, findPrice } from '../prices/cost.ts'
import { roundUsd, sumUsd } from '../prices/dollars.ts'
import { type Failure, type Provider, ProviderError } from '../providers/provider.ts'
import type { PromptReview } from '../request/templates/prompt-review.ts'
import { type AnswerCheck, createAnswerCheck } from '../schema/check-answer.ts'
import type { Site, Workspace } from '../workspace/workspace.ts'
import { definitionOf, type NewRunOptions } from './definition.ts'
import { prepareInput } from './prepare.ts'

/** Result of one row that was tried. */
export interface TriedRow {
  readonly line: number
  readonly id: string | null
  readonly problems: readonly Problem[]
  /** The request as it was sent; null where the row cannot be sent. */
  readonly request: { readonly target: Target; readonly body: string } | null
  /** Null where the call was not answered. */
  readonly outcome: Outcome | null
  readonly failure: Failure | null
  /** US dollars at the synchronous price; null where they are not known. */
  readonly costUsd: number | null
  /** What the same would cost in a batch. */
  readonly batchCostUsd: number | null
}

/** Result of a try. */
export interface Tried {
  /** In input order. */
  readonly rows: readonly TriedRow[]
  /** Rows of the whole input. */
  readonly inputRows: number
  /** What all of these would cost in batches, in US dollars, if they were like those tried; null where that is not known. */
  readonly wholeCostUsd: number | null
}

/** Listener to a try. */
export interface TryListener {
  /** What was found about the prompt as a whole; before anything is sent. */
  readonly onReview: (review: PromptReview) => void
  /** Each row when it is done, in input order. */
  readonly onRow: (row: TriedRow) => Promise<void>
}

/** Nothing of a try is looked for again, so that its ids need not be unique. */
const PREFIX = wirePrefix('0'.repeat(25))

/**
 * Sends a few rows, drawn at random, in synchronous calls, and tells what came of each, in input order. Only the length of
 * the answers is stored, for later estimates: no later run takes a try for its own, and rows that are tried twice are paid
 * twice. Throws what is wrong with the input, the options or the key.
 */
export async function tryRows(
  place: Workspace,
  options: NewRunOptions & { readonly sample: number; readonly seed: number },
  { onReview, onRow }: TryListener,
): Promise<Tried> {
  const { configuration, disk } = place
  const { settings } = configuration
  const definition = definitionOf(place, options)
  const provider = await place.connect(definition.provider)
  let inputRows = 0
  const onRead = (read: number): void => {
    inputRows = read
    options.onRead?.(read)
  }
  const source = { ...options.input, disk }
  const input = await prepareInput({ ...options, onRead, definition, input: source, provider, settings })
  onReview(input.review)
  const rows: PreparedRow[] = []
  for await (const chunk of input.rows) rows.push(...chunk)
  const check = definition.answer && (await createAnswerCheck(definition.answer))
  const binding = { provider, check, definition: input.definition }
  const tried: TriedRow[] = []
  let told = 0
  const tellDone = async (): Promise<void> => {
    for (let done = tried[told]; done !== undefined; done = tried[told]) {
      told += 1
      await onRow(done)
    }
  }
  await pLimit(settings.maxTransfers).map(rows, async (row, index) => {
    const done = await tryRow(place, binding, row, index)
    await remember(place, done)
    tried[index] = done
    await tellDone()
  })
  return { rows: tried, inputRows, wholeCostUsd: wholeCost(tried, inputRows) }
}

/** What estimates learn from a try: the length of its answers. */
async function remember({ store }: Workspace, { outcome, request }: TriedRow): Promise<void> {
  const { completionTokens = null, promptTokens = null } = outcome?.usage ?? {}
  if (request === null || completionTokens === null || promptTokens === null) return
  const { model, provider } = request.target
  await store.addTriedAnswers(provider, model, { answers: 1, promptTokens, completionTokens })
}

/** The rows that were answered, as a sample of all; what was refused without a bill says nothing about their cost. */
function wholeCost(rows: readonly TriedRow[], inputRows: number): number | null {
  const costs = rows.flatMap(({ batchCostUsd, outcome }) => (outcome?.billed === 'yes' ? [batchCostUsd] : []))
  if (costs.length === 0) return null
  const total = sumUsd(costs)
  return total === null ? null : roundUsd((total / costs.length) * inputRows)
}

async function tryRow(
  { configuration }: Site,
  { check, definition, provider }: { provider: Provider; check: AnswerCheck | null; definition: RunDefinition },
  { id, line, problems, request }: PreparedRow,
  index: number,
): Promise<TriedRow> {
  const row = { line, id, problems, request, outcome: null, failure: null, costUsd: null, batchCostUsd: null }
  if (!request) return row
  const { body, target } = request
  try {
    const wire = { wireId: wireId(PREFIX, index), target, body }
    const answered = await provider.direct(wire, new AbortController().signal)
    const outcome = await judgeAnswer(answered.outcome, check)
    const price = findPrice(target.provider, target.model, configuration.prices)
    const cost = (kind: 'batch' | 'direct'): number | null =>
      outcome.billed === 'no' ? 0 : costOfRequest(outcome.usage, price, kind)
    return { ...row, outcome: asAsked(definition, outcome), costUsd: cost('direct'), batchCostUsd: cost('batch') }
  } catch (error) {
    if (!(error instanceof ProviderError) || error.failure.kind === 'unauthorised') throw error
    return { ...row, failure: error.failure }
  }
}
