import { dirname, extname } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import { type OutputFormat, type OutputPlan, PLAIN_OUTPUT } from '../model/run.ts'
import { formatOf, isPacked, KNOWN_ENDINGS } from './format.ts'
import { summaryPathOf } from './run-summary.ts'

/** A file that answers go to, and the option that names it. */
interface Named {
  readonly path: string
  readonly option: 'output' | 'failed'
  /** The table of a SQLite file; null for any other. */
  readonly table: string | null
}

/**
 * Refuses, before anything is spent, files for answers that could not be written in the end: an unknown or contradicting
 * ending, a missing folder, an input file itself under any spelling or link, one file for two things, an existing file
 * without `force`, a place where no file can be made. To know the last, a file is made there and removed. A database that is
 * there passes, unless it has the table and `force` is not said, because all else in it stays. Standard output and plans
 * without a path pass. `inputPaths` are null for rows from memory, and may hold `-`, which is not a file.
 */
export async function checkOutput(plan: OutputPlan, inputPaths: readonly string[] | null, disk: Disk): Promise<void> {
  const { failedPath, force, format, path } = plan
  const surroundings = { force, inputPaths, disk }
  if (format === 'provider' && (plan.columns !== null || plan.raw)) {
    throw refusal(
      `${mention('format', 'provider')} writes the lines of the provider, which have no columns`,
      `Leave out ${mention('columns')} and ${mention('raw')}.`,
    )
  }
  const wholeFile = path === '-' ? WHOLE_FILES.get(format) : undefined
  if (wholeFile !== undefined) {
    throw refusal(`${wholeFile} cannot be written to standard output`, `Name a file with ${mention('output')}.`)
  }
  if (path !== null && path !== '-') {
    checkEnding(path, format)
    await checkPlace({ path, option: 'output', table: tableIn(path, plan) }, surroundings)
  }
  if (failedPath === null) return
  if (failedPath === path) {
    throw refusal(
      `${failedPath} cannot hold both the answers and the failed rows`,
      `Name another file with ${mention('failed')}.`,
    )
  }
  if (formatOf(failedPath) === undefined) throw unknownEnding(failedPath)
  await checkPlace({ path: failedPath, option: 'failed', table: tableIn(failedPath, plan) }, surroundings)
}

/** Formats that are read from any place of a file, in the words of messages. */
const WHOLE_FILES: ReadonlyMap<OutputFormat, string> = new Map([
  ['parquet', 'Parquet'],
  ['sqlite', 'SQLite'],
])

function tableIn(path: string, { tableName }: OutputPlan): string | null {
  if (formatOf(path) !== 'sqlite') return null
  if (TABLE_NAME.test(tableName)) return tableName
  throw refusal(
    `${mention('tableName')} is ${JSON.stringify(tableName)}, which is not a name for a table`,
    'Use at most 63 letters, digits and underscores, a letter first, and not sqlite_ in the beginning.',
  )
}

/** Names that need no quotes in SQL, and that name a file too. */
const TABLE_NAME = /^(?!sqlite_)[\p{L}_][\p{L}\p{N}_]{0,62}$/iu

/** Files at the place of the answers and beside it. */
interface OutputContext {
  readonly force: boolean
  readonly inputPaths: readonly string[] | null
  readonly disk: Disk
}

async function checkPlace(named: Named, surroundings: OutputContext): Promise<void> {
  const { option, path } = named
  checkPacking(path)
  try {
    const folder = dirname(path)
    if ((await surroundings.disk.identity(folder)) === undefined) {
      throw refusal(
        `the folder ${folder} for the answers does not exist`,
        `Make it, or name another file with ${mention(option)}.`,
      )
    }
    await refuseWhatIsThere(named, surroundings)
    if (option === 'output') {
      await refuseWhatIsThere({ option, path: summaryPathFor(named), table: null }, { ...surroundings, force: true })
    }
    await makeTrialFile(named, surroundings.disk)
  } catch (error) {
    if (LlmBatchError.isInstance(error)) throw error
    throw new LlmBatchError('usage', `llm-batch cannot write to the folder of ${path}: ${messageOf(error)}`, {
      next: `Change its permissions, or name another file with ${mention(option)}.`,
      cause: error,
    })
  }
}

/** Refuses to destroy what is at the place of a file. */
async function refuseWhatIsThere({ option, path, table }: Named, context: OutputContext): Promise<void> {
  const { disk, force, inputPaths } = context
  const present = await disk.identity(path)
  if (present === undefined) {
    if (table !== null) await refuseLeftovers({ option, path }, disk)
    return
  }
  for (const inputPath of inputPaths ?? []) {
    if (inputPath === '-' || (await disk.identity(inputPath)) !== present) continue
    throw refusal(
      `${path} is the input file, and writing the answers would destroy it`,
      `Name another file with ${mention(option)}.`,
    )
  }
  if ((await disk.size(path)) === undefined)
    throw refusal(`${path} is not a file`, `Name a file with ${mention(option)}.`)
  if (table !== null) {
    await refuseDatabase({ option, path, table }, force)
    return
  }
  if (!force) {
    throw refusal(
      `${path} exists already`,
      `Name another file with ${mention(option)}, or replace it with ${mention('force')}.`,
    )
  }
}

/** Refuses a file that is not a database or cannot be changed, and a table that is there already without `force`. */
async function refuseDatabase(
  { option, path, table }: Named & { readonly table: string },
  force: boolean,
): Promise<void> {
  // Loaded when it is needed: no other format should wait for the engine.
  const { lookInto } = await import('./sqlite/database-file.ts')
  const { kindOfName } = await lookInto(path, table).catch((error: unknown) => {
    throw new LlmBatchError('usage', `${path} cannot take a table: ${messageOf(error)}`, {
      next: `Name a database that can be changed and that no other program holds, or a new file, with ${mention(option)}.`,
      cause: error,
    })
  })
  if (kindOfName === null || (kindOfName === 'table' && force)) return
  if (kindOfName === 'table') {
    throw refusal(
      `${path} has a table ${table} already`,
      `Name another one with ${mention('tableName')}, or replace it with ${mention('force')}.`,
    )
  }
  throw refusal(`${path} has a ${kindOfName} of the name ${table}`, `Name another table with ${mention('tableName')}.`)
}

/** True where a database has a table of this name; false also for what is not a database, of which its check tells. */
export async function hasTable(path: string, table: string): Promise<boolean> {
  const { lookInto } = await import('./sqlite/database-file.ts')
  return await lookInto(path, table).then(
    ({ kindOfName }) => kindOfName === 'table',
    () => false,
  )
}

/** Refuses what is left of a database that is gone: SQLite would take it for a part of the new one, and spoil that. */
async function refuseLeftovers({ option, path }: Pick<Named, 'option' | 'path'>, disk: Disk): Promise<void> {
  for (const ending of ['-journal', '-wal']) {
    if ((await disk.identity(path + ending)) === undefined) continue
    throw refusal(
      `${path}${ending} is left of a database that is not there any more`,
      `Remove it, or name another file with ${mention(option)}.`,
    )
  }
}

function summaryPathFor({ path, table }: Pick<Named, 'path' | 'table'>): string {
  return summaryPathOf(path, table === null ? PLAIN_OUTPUT : { format: 'sqlite', tableName: table })
}

/** Makes a file beside the longest name that will be written, as long as a name gets while it is written, and removes it. */
async function makeTrialFile(named: Named, disk: Disk): Promise<void> {
  const trial = `${named.option === 'output' ? summaryPathFor(named) : named.path}.testing`
  await (await disk.open(trial, 'write')).close()
  await disk.remove(trial)
}

/** Refuses what no file can be, whatever format is asked for. */
function checkPacking(path: string): void {
  const wholeFile = isPacked(path) ? WHOLE_FILES.get(formatOf(path) ?? 'jsonl') : undefined
  if (wholeFile === undefined) return
  throw refusal(
    `${path} would be ${wholeFile} inside gzip, which readers do not support`,
    wholeFile === 'Parquet' ? 'Leave out .gz: a Parquet file compresses its own columns.' : 'Leave out .gz.',
  )
}

function checkEnding(path: string, format: OutputPlan['format']): void {
  const meant = formatOf(path)
  if (meant === undefined) throw unknownEnding(path)
  // Provider-shaped lines are JSON lines.
  const wanted = format === 'provider' ? 'jsonl' : format
  if (meant !== wanted) {
    throw refusal(
      `${path} ends in ${extname(path)}, but you asked for the format ${format}`,
      `Change ${mention('output')} or ${mention('format')}.`,
    )
  }
}

function unknownEnding(path: string): LlmBatchError {
  const ending = extname(path)
  const what = ending === '' ? `${path} has no file ending` : `the file ending ${ending} of ${path} is unknown`
  return refusal(`${what}, so the format of the answers is not clear`, `Use one of ${KNOWN_ENDINGS.join(', ')}.`)
}

function refusal(message: string, next: string): LlmBatchError {
  return new LlmBatchError('usage', message, { next })
}
