import { dirname, resolve } from 'node:path'
import type { PreparedRow, RowColumns } from '../batching/prepared-row.ts'
import type { Disk } from '../lib/disk.ts'
import { DuplicateIds } from '../lib/packed/duplicate-ids.ts'
import type { Problem } from '../model/problem.ts'
import type { ReadRow, Row } from '../model/row.ts'
import type { RunDefinition } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import { PromptLengths } from '../plan/prompt-length.ts'
import type { Limits } from '../providers/provider.ts'
import type { BuildResult } from '../request/build-result.ts'
import { createRequestBuilder } from '../request/builder.ts'
import { Identities } from '../request/identity.ts'
import type { ImageFiles } from '../request/images/images.ts'
import type { PromptFunction } from '../request/messages/chat-messages.ts'
import type { CompileTemplate } from '../request/templates/template-compiler.ts'
import { FileList } from '../workspace/file-list.ts'
import { columnsOf } from './column-list.ts'

/** Options for making requests of rows. */
export interface RowOptions {
  readonly definition: RunDefinition
  /** Where images lie that rows name. */
  readonly disk: Pick<Disk, 'open' | 'size'>
  readonly promptFunction?: PromptFunction | undefined
  /** What reads the templates of the definition; see `loadTemplates`. */
  readonly compile: CompileTemplate
  /** The limits in force, the user's overrides included. */
  readonly limitsOf: (target: Target) => Limits
  /** False: no vocabulary tells whether a prompt is too long. */
  readonly isCountingTokens: boolean
}

/** Characters of requests gathered before they are handed on. */
const CHARACTERS_PER_LIST = 4_000_000

/**
 * Makes requests of all rows of an input, in order, with flat memory. What is wrong with a row travels with the row. Throws
 * `usage` for a definition that no row can be sent with, and what its rows throw.
 */
export async function* preparedRows(
  chunks: AsyncIterable<readonly ReadRow[]>,
  { compile, definition, disk, isCountingTokens, limitsOf, promptFunction }: RowOptions,
): AsyncIterable<readonly PreparedRow[]> {
  const imageFiles = imageFilesBeside(disk, definition.inputPaths)
  const build = createRequestBuilder({ definition, promptFunction, compile, imageFiles, limitsOf })
  const ids = new SeenIds()
  const identities = new Identities()
  const lengths = new PromptLengths(isCountingTokens)
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
