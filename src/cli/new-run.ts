import { resolve } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { OutputPlan } from '../model/run.ts'
import type { NewRunOptions } from '../run/start.ts'
import type { RequestFlags } from './request-flags.ts'
import type { SharingFlags } from './sharing-flags.ts'
import type { Shell } from './shell.ts'

/** The options of a new run from INPUT and flags; templates in files are read. */
export async function newRunOptions(
  shell: Shell,
  disk: Disk,
  { flags, inputPath, output }: { inputPath: string; flags: RequestFlags & SharingFlags; output: OutputPlan },
): Promise<NewRunOptions> {
  const { inputFormat: format, delimiter, encoding, param, promptFile, systemFile, ...rest } = flags
  const fileText = (path: string | undefined) => textOf(disk, shell.machine.workingFolder, path)
  return {
    ...rest,
    prompt: flags.prompt ?? (await fileText(promptFile)),
    system: flags.system ?? (await fileText(systemFile)),
    parameters: param,
    input: {
      source: inputPath === '-' ? { stream: shell.streams.input } : { path: inputPath },
      format,
      delimiter,
      encoding,
    },
    inputPath,
    output,
  }
}

/** A template from a file, without the line end that an editor leaves after its last line. */
async function textOf(disk: Disk, folder: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  const text = await disk.readText(resolve(folder, path))
  if (text === undefined) {
    throw new LlmBatchError('usage', `the file ${path} does not exist`, { next: 'Check the path.' })
  }
  return text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '')
}
