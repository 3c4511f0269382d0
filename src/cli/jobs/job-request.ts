import type { Command } from 'commander'
import { LlmBatchError } from '../../model/error.ts'
import type { Shell } from '../shell.ts'

/** The request of a command. */
export interface Request<Flags> {
  readonly inputPaths: readonly string[]
  readonly flags: Flags
}

/** Takes INPUT and flags as typed, or from the job file that INPUT is by its ending; what reads it is loaded then. */
export async function requestOf<Flags>(
  shell: Shell,
  command: Command,
  inputs: readonly string[],
): Promise<Request<Flags>> {
  const jobPath = inputs.find((path) => /\.ya?ml$/i.test(path))
  if (jobPath === undefined) return { inputPaths: inputs, flags: command.opts<object>() as Flags }
  if (inputs.length > 1) {
    throw new LlmBatchError('usage', `the job file ${jobPath} cannot be used with other inputs`, {
      next: 'Name the job file alone; it holds its own inputs.',
    })
  }
  const { readJobFile } = await import('./job-file.ts')
  const { flags, inputPaths } = await readJobFile(shell, command, jobPath)
  return { inputPaths, flags: flags as Flags }
}
