import { dirname, extname } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { OutputPlan } from '../model/run.ts'
import { formatOf, KNOWN_ENDINGS } from './format.ts'

/**
 * Refuses, before anything is spent, an answers file that could not be written in the end: an unknown or contradicting
 * ending, a missing folder, the input file itself under any spelling or link, an existing file without `force`.
 * Standard output and plans without a path pass. `inputPath` is null or `-` where the input is no file.
 */
export async function checkOutput(plan: OutputPlan, inputPath: string | null, disk: Disk): Promise<void> {
  if (plan.path === null || plan.path === '-') return
  checkEnding(plan.path, plan.format)
  const folder = dirname(plan.path)
  if ((await disk.identity(folder)) === undefined) {
    throw refusal(`the folder ${folder} for the answers does not exist`, 'Make it, or name another file with -o.')
  }
  const present = await disk.identity(plan.path)
  if (present === undefined) return
  if (inputPath !== null && inputPath !== '-' && (await disk.identity(inputPath)) === present) {
    throw refusal(
      `${plan.path} is the input file, and writing the answers would destroy it`,
      'Name another file with -o.',
    )
  }
  if ((await disk.size(plan.path)) === undefined) {
    throw refusal(`${plan.path} is not a file`, 'Name a file with -o.')
  }
  if (!plan.force) {
    throw refusal(`${plan.path} exists already`, 'Name another file with -o, or replace it with --force.')
  }
}

function checkEnding(path: string, format: OutputPlan['format']): void {
  const meant = formatOf(path)
  const ending = extname(path)
  if (meant === undefined) {
    const what = ending === '' ? `${path} has no ending` : `the ending ${ending} of ${path} is not known`
    throw refusal(`${what}, so the format of the answers is open`, `Use one of ${KNOWN_ENDINGS.join(', ')}.`)
  }
  // Provider-shaped lines are JSON lines.
  const wanted = format === 'provider' ? 'jsonl' : format
  if (meant !== wanted) {
    throw refusal(`${path} ends in ${ending}, but the format asked for is ${format}`, 'Change -o or --format.')
  }
}

function refusal(message: string, next: string): LlmBatchError {
  return new LlmBatchError('usage', message, { next })
}
