import { dirname, extname } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { OutputPlan } from '../model/run.ts'
import { formatOf, isPacked, KNOWN_ENDINGS } from './format.ts'
import { summaryPathOf } from './run-summary.ts'

/** A file that answers go to, and the option that names it. */
interface Named {
  readonly path: string
  readonly option: 'output' | 'failed'
}

/**
 * Refuses, before anything is spent, files for answers that could not be written in the end: an unknown or contradicting
 * ending, a missing folder, an input file itself under any spelling or link, one file for two things, an existing file
 * without `force`, a place where no file can be made. To know the last, a file is made there and removed. Standard output
 * and plans without a path pass. `inputPaths` are null for rows from memory, and may hold `-`, which is not a file.
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
  if (path === '-' && format === 'parquet') {
    throw refusal('Parquet cannot be written to standard output', `Name a file with ${mention('output')}.`)
  }
  if (path !== null && path !== '-') {
    checkEnding(path, format)
    await checkPlace({ path, option: 'output' }, surroundings)
  }
  if (failedPath === null) return
  if (failedPath === path) {
    throw refusal(
      `${failedPath} cannot hold both the answers and the failed rows`,
      `Name another file with ${mention('failed')}.`,
    )
  }
  if (formatOf(failedPath) === undefined) throw unknownEnding(failedPath)
  await checkPlace({ path: failedPath, option: 'failed' }, surroundings)
}

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
    if (option === 'output')
      await refuseWhatIsThere({ option, path: summaryPathOf(path) }, { ...surroundings, force: true })
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
async function refuseWhatIsThere({ option, path }: Named, { disk, force, inputPaths }: OutputContext): Promise<void> {
  const present = await disk.identity(path)
  if (present === undefined) return
  for (const inputPath of inputPaths ?? []) {
    if (inputPath === '-' || (await disk.identity(inputPath)) !== present) continue
    throw refusal(
      `${path} is the input file, and writing the answers would destroy it`,
      `Name another file with ${mention(option)}.`,
    )
  }
  if ((await disk.size(path)) === undefined)
    throw refusal(`${path} is not a file`, `Name a file with ${mention(option)}.`)
  if (!force) {
    throw refusal(
      `${path} exists already`,
      `Name another file with ${mention(option)}, or replace it with ${mention('force')}.`,
    )
  }
}

/** Makes a file beside the longest name that will be written, as long as a name gets while it is written, and removes it. */
async function makeTrialFile({ option, path }: Named, disk: Disk): Promise<void> {
  const trial = `${option === 'output' ? summaryPathOf(path) : path}.testing`
  await (await disk.open(trial, 'write')).close()
  await disk.remove(trial)
}

/** Refuses what no file can be, whatever format is asked for. */
function checkPacking(path: string): void {
  if (formatOf(path) !== 'parquet' || !isPacked(path)) return
  throw refusal(
    `${path} would be Parquet inside gzip, which readers do not support`,
    'Leave out .gz: a Parquet file compresses its own columns.',
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
