import type { Command } from 'commander'
import type { Shell } from './shell.ts'

/** What a command was asked for. */
export interface Request<Flags> {
  readonly inputPath: string
  readonly flags: Flags
}

/** Takes INPUT and flags as typed, or from the job file that INPUT is by its ending; what reads it is loaded then. */
export async function requestOf<Flags>(shell: Shell, command: Command, inputPath: string): Promise<Request<Flags>> {
  if (!/\.ya?ml$/i.test(inputPath)) return { inputPath, flags: command.opts<object>() as Flags }
  const { readJobFile } = await import('./job-file.ts')
  const { flags, inputPath: named } = await readJobFile(shell, command, inputPath)
  return { inputPath: named, flags: flags as Flags }
}
