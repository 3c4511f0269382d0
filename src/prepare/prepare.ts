import { dirname, resolve } from 'node:path'
import type { PreparedRow, RowColumns } from '../batching/prepared-row.ts'
import { limitsInForce, type Settings } from '../config/settings.ts'
import { type InputOptions, openInput } from '../input/open.ts'
import { limitRows, sampleRows } from '../input/take.ts'
import { type Disk } from '../lib/disk.ts'
import { DuplicateIds } from '../lib/packed/duplicate-ids.ts'
import { peek } from '../lib/peek.ts'
import { LlmBatchError } from '../model/error.ts'
import { type Problem } from '../model/problem.ts'
import { type ReadRow, type Row } from '../model/row.ts'
import type { InputShape, RunDefinition } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import { PromptLengths } from '../plan/prompt-length.ts'
import type { Limits, Provider } from '../providers/provider.ts'
import type { BuildResult } from '../request/build-result.ts'
import { createRequestBuilder } from '../request/builder.ts'
import { Identities } from '../request/identity.ts'
import { type ImageFiles } from '../request/images/images.ts'
import type { PromptFunction } from '../request/messages/chat-messages.ts'
import { templatesOf } from '../request/messages/turns.ts'
import { detectShape } from '../request/shape.ts'
import { type PromptReview, reviewPrompt } from '../request/templates/prompt-review.ts'
import { type CompileTemplate, loadTemplates } from '../request/templates/template-compiler.ts'
import { createAnswerCheck } from '../schema/check-answer.ts'
import { FileList } from '../workspace/file-list.ts'
import { columnsOf } from './column-list.ts'

/** Options for preparing a run. */
export interface PrepareOptions {
  /** Everything that defines the requests; where the shape is not known, the first row tells it. */
  readonly definition: AskedDefinition
  readonly input: InputOptions
  readonly promptFunction?: PromptFunction | undefined
  /** A prompt without placeholders is meant. @default false */
  readonly constantPrompt?: boolean | undefined
  /** Only the first rows. */
  readonly limit?: number | undefined
  /** Only this many rows, drawn at random, in input order; the same ones each time for the same seed. */
  readonly sample?: number | undefined
  /** @default 1 */
  readonly seed?: number | undefined
  /** Told again and again how many rows were read, those included that a sample leaves out. */
  readonly onRead?: ((rows: number) => void) | undefined
  /** True where an input without rows is taken. @default false */
  readonly mayBeEmpty?: boolean | undefined
  readonly provider: Provider
  readonly settings: Settings
}

/** A definition whose shape the rows may have to tell. */
export type AskedDefinition = Omit<RunDefinition, 'shape'> & Partial<Pick<RunDefinition, 'shape'>>

/** Characters of requests gathered before they are handed on. */
const CHARACTERS_PER_LIST = 4_000_000

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
  const chosen = chooseRows(openInput(options.input), options)
  const hasRow = (list: readonly ReadRow[]): boolean => list.some((read) => 'row' in read)
  const { all, head } = await peek(chosen, hasRow)
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
  return { shape, definition, review, rows: requestsOf(all, definition, { ...options, compile }) }
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

function chooseRows(
  rows: AsyncIterable<readonly ReadRow[]>,
  { limit, onRead, sample, seed }: PrepareOptions,
): AsyncIterable<readonly ReadRow[]> {
  const limited = limit === undefined ? rows : limitRows(rows, limit)
  const read = onRead === undefined ? limited : counted(limited, onRead)
  return sample === undefined ? read : sampleRows(read, sample, seed ?? 1)
}

async function* counted(
  lists: AsyncIterable<readonly ReadRow[]>,
  onRead: (rows: number) => void,
): AsyncIterable<readonly ReadRow[]> {
  let rows = 0
  for await (const list of lists) {
    rows += list.length
    onRead(rows)
    yield list
  }
}

async function* requestsOf(
  chunks: AsyncIterable<readonly ReadRow[]>,
  definition: RunDefinition,
  options: PrepareOptions & { readonly compile: CompileTemplate },
): AsyncIterable<readonly PreparedRow[]> {
  const { compile, input, promptFunction, provider, settings } = options
  const limitsOf = (target: Target): Limits =>
    limitsInForce(settings, target.provider, target.model, provider.limits(target))
  const build = createRequestBuilder({
    definition,
    promptFunction,
    compile,
    imageFiles: imageFilesBeside(input.disk, definition.inputPaths),
    limitsOf,
  })
  const ids = new SeenIds()
  const identities = new Identities()
  const lengths = new PromptLengths(settings.isCountingTokens)
  const checked = (row: Row, built: BuildResult): BuildResult => {
    const detail = 'request' in built ? lengths.flawOf(built.request.target, built.request.body) : null
    if (detail === null || !('request' in built)) return built
    return { id: built.request.id, problems: [{ code: 'prompt_too_long', line: row.line, detail }] }
  }
  for await (const chunk of chunks) {
    let prepared: PreparedRow[] = []
    let characters = 0
    for (const read of chunk) {
      if ('problem' in read) prepared.push(unreadable(read.problem))
      else {
        const built = build(read.row)
        const row = preparedRow(read.row, checked(read.row, built instanceof Promise ? await built : built), {
          ids,
          identities,
        })
        prepared.push(row)
        characters += row.request?.body.length ?? 0
      }
      // A list of small rows may become one of large requests, where images are put into them.
      if (characters > CHARACTERS_PER_LIST) {
        yield prepared
        prepared = []
        characters = 0
      }
    }
    yield prepared
  }
  lengths.close()
}

const NO_COLUMNS: RowColumns = { table: null, names: [] }

function unreadable(problem: Problem): PreparedRow {
  return {
    line: problem.line,
    id: null,
    json: '{}',
    columns: NO_COLUMNS,
    file: problem.file ?? null,
    problems: [problem],
    request: null,
    hasEmptyPlaceholders: false,
  }
}

/** Ids and identities, by which rows and requests are told apart. */
interface Seen {
  readonly ids: SeenIds
  readonly identities: Identities
}

function preparedRow(row: Row, built: BuildResult, { identities, ids }: Seen): PreparedRow {
  const { json, line } = row
  const columns = columnsOf(row)
  const file = row.file ?? null
  const id = 'request' in built ? built.request.id : built.id
  const duplicate = ids.check(id, row)
  if ('problems' in built || duplicate) {
    const found = [...('problems' in built ? built.problems : []), ...(duplicate ? [duplicate] : [])]
    const problems = file === null ? found : found.map((problem) => ({ ...problem, file }))
    return { line, id, json, columns, file, problems, request: null, hasEmptyPlaceholders: false }
  }
  const { body, emptyPlaceholders: hasEmptyPlaceholders, mostOutputTokens, target } = built.request
  const request = { target, body, mostOutputTokens, identity: identities.of(target, body) }
  return { line, id, json, columns, file, problems: [], request, hasEmptyPlaceholders }
}

/**
 * The image files that rows name. Relative paths are from the folder of the file that the row stands in, where images
 * usually lie beside their table, and from the working folder for rows from elsewhere. A path is only ever read.
 */
function imageFilesBeside(disk: Pick<Disk, 'open' | 'size'>, inputPaths: readonly string[] | null): ImageFiles {
  const [only = '-'] = inputPaths ?? []
  const placeOf = (path: string, { file = only }: Pick<Row, 'file'>): string =>
    file === '-' ? resolve(path) : resolve(dirname(resolve(file)), path)
  return {
    size: (path, row) => disk.size(placeOf(path, row)),
    read: async (path, bytes, row) => {
      const file = await disk.open(placeOf(path, row), 'read')
      try {
        return await file.read(0, bytes)
      } finally {
        await file.close()
      }
    },
  }
}

/**
 * Finds ids that occur twice, over all files of the input. Of one file the earlier line is told; of several the row,
 * counted in its file, because lines of ten million rows would need memory that their numbers do not.
 */
class SeenIds {
  readonly #ids = new DuplicateIds()
  readonly #files = new FileList()
  #rows = 0

  /** Remembers the row's id, or tells that an earlier row has it. Is to be called for every row, with or without an id. */
  check(id: string | null, { file, line }: Row): Problem | undefined {
    this.#files.add(file ?? null, this.#rows)
    this.#rows += 1
    if (id === null) return undefined
    const earlier = this.#ids.check(id, file === undefined ? line : this.#rows)
    if (earlier === undefined) return undefined
    const place = file === undefined ? `on line ${earlier}` : this.#placeOf(earlier)
    return { code: 'duplicate_id', line, detail: `the id "${id}" is also ${place}` }
  }

  #placeOf(row: number): string {
    const file = this.#files.fileOf(row - 1)
    return file === null ? `in row ${row}` : `in row ${row - file.firstRow} of ${file.path}`
  }
}
