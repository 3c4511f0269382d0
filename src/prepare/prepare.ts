import type { PreparedRow } from '../batching/prepared-row.ts'
import { limitsInForce, type Settings } from '../config/settings.ts'
import { type InputOptions, openInput } from '../input/open.ts'
import { peek } from '../lib/peek.ts'
import { LlmBatchError } from '../model/error.ts'
import { type ReadRow, type Row } from '../model/row.ts'
import type { InputShape, RunDefinition } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import type { Limits, Provider } from '../providers/provider.ts'
import type { PromptFunction } from '../request/messages/chat-messages.ts'
import { templatesOf } from '../request/messages/turns.ts'
import { detectShape } from '../request/shape.ts'
import { type PromptReview, reviewPrompt } from '../request/templates/prompt-review.ts'
import { loadTemplates } from '../request/templates/template-compiler.ts'
import { createAnswerCheck } from '../schema/check-answer.ts'
import { chosenRows, type RowChoice } from './chosen-rows.ts'
import { preparedRows, type RowOptions } from './prepared-rows.ts'
import { rowsOfThread } from './thread/rows-of-thread.ts'
import { threadProgram } from './thread/thread-program.ts'

/** Options for preparing a run. */
export interface PrepareOptions extends RowChoice {
  /** Everything that defines the requests; where the shape is not known, the first row tells it. */
  readonly definition: AskedDefinition
  readonly input: InputOptions
  readonly promptFunction?: PromptFunction | undefined
  /** A prompt without placeholders is meant. @default false */
  readonly constantPrompt?: boolean | undefined
  /** True where an input without rows is taken. @default false */
  readonly mayBeEmpty?: boolean | undefined
  readonly provider: Provider
  readonly settings: Settings
}

/** A definition whose shape the rows may have to tell. */
export type AskedDefinition = Omit<RunDefinition, 'shape'> & Partial<Pick<RunDefinition, 'shape'>>

/** An opened input: its shape, and its rows as requests. */
export interface PreparedInput {
  readonly shape: InputShape
  /** The definition with what the first row tells. */
  readonly definition: RunDefinition
  /** What was found about the prompt as a whole. */
  readonly review: PromptReview
  readonly rows: AsyncIterable<readonly PreparedRow[]>
}

/**
 * Reads an input as requests, in order, with flat memory. What is wrong with a row travels with the row; what concerns
 * the whole input is thrown. Throws `input` for an input without rows, `usage` for a column that the first rows do not have.
 */
export async function prepareInput(options: PrepareOptions): Promise<PreparedInput> {
  const compile = await loadTemplates(templatesOf(options.definition))
  const { head, requests } = await begin(options)
  const firstRows = head.flat().flatMap((read) => ('row' in read ? [read.row] : []))
  const [first] = firstRows
  if (options.mayBeEmpty !== true && head.every((rows) => rows.length === 0)) {
    throw new LlmBatchError('input', `${inputText(options.definition.inputPaths)} has no rows`, {
      next: 'Check the file; nothing was sent.',
    })
  }
  const { answer, messages, messagesColumn, prompt, textColumn } = options.definition
  // A schema that cannot be used is found before anything is sent.
  if (answer !== null) await createAnswerCheck(answer)
  const asking = [prompt, messages, messagesColumn, textColumn, options.promptFunction ?? null]
  const definition = definedBy(
    first,
    options.definition,
    asking.some((part) => part !== null),
  )
  const { shape } = definition
  const mayBeConstant = options.constantPrompt === true || options.promptFunction !== undefined
  const review = reviewPrompt(definition, { compile, mayBeConstant, rows: firstRows })
  const { input, promptFunction, provider, settings } = options
  const limitsOf = (target: Target): Limits =>
    limitsInForce(settings, target.provider, target.model, provider.limits(target))
  const { disk } = input
  const { isCountingTokens } = settings
  return {
    shape,
    definition,
    review,
    rows: requests({ definition, disk, promptFunction, compile, limitsOf, isCountingTokens }),
  }
}

/** The first lists of an input up to one with a row, and what makes requests of all that are chosen. */
interface Beginning {
  readonly head: readonly (readonly ReadRow[])[]
  readonly requests: (options: RowOptions) => AsyncIterable<readonly PreparedRow[]>
}

async function begin(options: PrepareOptions): Promise<Beginning> {
  const { onRead } = options
  const opened = openInput(options.input)
  const program = await threadProgram(options)
  if (program === null) {
    const { all, head } = await peek(chosenRows(opened, options), hasRow)
    return { head, requests: (rowOptions) => preparedRows(all, rowOptions) }
  }
  const { disk: _, ...input } = options.input
  const head = await upToFirstRow(opened)
  return {
    head,
    requests: ({ definition, isCountingTokens, limitsOf }) =>
      rowsOfThread({ program, task: { definition, input, isCountingTokens }, limitsOf, onRead }),
  }
}

async function upToFirstRow(lists: AsyncIterable<readonly ReadRow[]>): Promise<readonly (readonly ReadRow[])[]> {
  const head: (readonly ReadRow[])[] = []
  for await (const list of lists) {
    head.push(list)
    if (hasRow(list)) break
  }
  return head
}

function hasRow(list: readonly ReadRow[]): boolean {
  return list.some((read) => 'row' in read)
}

/** The definition with what the first row tells, where that is not known already. */
function definedBy(first: Row | undefined, asked: AskedDefinition, hasPrompt: boolean): RunDefinition {
  if (asked.shape !== undefined) return { ...asked, shape: asked.shape }
  const { textColumn } = asked
  const hasTextLists = textColumn !== null && Array.isArray(first?.record[textColumn])
  return { ...asked, shape: first ? detectShape(first, hasPrompt) : 'records', hasTextLists }
}

function inputText(paths: readonly string[] | null): string {
  const [first, ...others] = paths ?? []
  if (first === undefined) return 'the input'
  return others.length === 0 ? first : `the input of ${paths?.length} files`
}
