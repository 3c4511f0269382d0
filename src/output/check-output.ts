import { dirname, extname } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { OutputPlan } from '../model/run.ts'
import { formatOf, isPacked, KNOWN_ENDINGS } from './format.ts'

/** A file that answers go to, and the flag that names it. */
interface Named {
  readonly path: string
  readonly flag: '-o' | '--failed'
}

/**
 * Refuses, before anything is spent, files for answers that could not be written in the end: an unknown or contradicting
 * ending, a missing folder, an input file itself under any spelling or link, one file for two things, an existing file
 * without `force`. Standard output and plans without a path pass. `inputPaths` are null for rows from memory, and may hold
 * `-`, which is no file.
 */
export async function checkOutput(plan: OutputPlan, inputPaths: readonly string[] | null, disk: Disk): Promise<void> {
  const { failedPath, format, path } = plan
  if (format === 'provider' && (plan.columns !== null || plan.raw)) {
    throw refusal(
      '--format provider writes the lines of the provider, which have no columns',
      'Leave out --columns and --raw.',
    )
  }
  if (path === '-' && format === 'parquet') {
    throw refusal('Parquet cannot be written to standard output', 'Name a file with -o.')
  }
  if (path !== null && path !== '-') {
    checkEnding(path, format)
    await checkPlace({ path, flag: '-o' }, plan.force, inputPaths, disk)
  }
  if (failedPath === null) return
  if (failedPath === path) {
    throw refusal(
      `${failedPath} is named for the answers and for the rows that failed`,
      'Name another file with --failed.',
    )
  }
  if (formatOf(failedPath) === undefined) throw unknownEnding(failedPath)
  await checkPlace({ path: failedPath, flag: '--failed' }, plan.force, inputPaths, disk)
}

async function checkPlace(
  { flag, path }: Named,
  force: boolean,
  inputPaths: readonly string[] | null,
  disk: Disk,
): Promise<void> {
  checkPacking(path)
  const folder = dirname(path)
  if ((await disk.identity(folder)) === undefined) {
    throw refusal(`the folder ${folder} for the answers does not exist`, `Make it, or name another file with ${flag}.`)
  }
  const present = await disk.identity(path)
  if (present === undefined) return
  for (const inputPath of inputPaths ?? []) {
    if (inputPath === '-' || (await disk.identity(inputPath)) !== present) continue
    throw refusal(
      `${path} is the input file, and writing the answers would destroy it`,
      `Name another file with ${flag}.`,
    )
  }
  if ((await disk.size(path)) === undefined) throw refusal(`${path} is not a file`, `Name a file with ${flag}.`)
  if (!force) {
    throw refusal(`${path} exists already`, `Name another file with ${flag}, or replace it with --force.`)
  }
}

/** Refuses what no file can be, whatever format is asked for. */
function checkPacking(path: string): void {
  if (formatOf(path) !== 'parquet' || !isPacked(path)) return
  throw refusal(
    `${path} would be Parquet inside gzip, which no reader opens`,
    'Leave out .gz: Parquet is compressed in itself.',
  )
}

function checkEnding(path: string, format: OutputPlan['format']): void {
  const meant = formatOf(path)
  if (meant === undefined) throw unknownEnding(path)
  // Provider-shaped lines are JSON lines.
  const wanted = format === 'provider' ? 'jsonl' : format
  if (meant !== wanted) {
    throw refusal(`${path} ends in ${extname(path)}, but the format asked for is ${format}`, 'Change -o or --format.')
  }
}

function unknownEnding(path: string): LlmBatchError {
  const ending = extname(path)
  const what = ending === '' ? `${path} has no ending` : `the ending ${ending} of ${path} is not known`
  return refusal(`${what}, so the format of the answers is open`, `Use one of ${KNOWN_ENDINGS.join(', ')}.`)
}

function refusal(message: string, next: string): LlmBatchError {
  return new LlmBatchError('usage', message, { next })
}
