import { resolve } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { OutputPlan } from '../model/run.ts'
import type { NewRunOptions } from '../run/start.ts'
import type { RequestFlags } from './request-flags.ts'
import type { Shell } from './shell.ts'

/** The options of a new run from INPUT and flags; templates in files are read. */
export async function newRunOptions(
  shell: Shell,
  disk: Disk,
  { flags, inputPath, output }: { inputPath: string; flags: RequestFlags; output: OutputPlan },
): Promise<NewRunOptions> {
  const { inputFormat: format, delimiter, encoding, param, promptFile, systemFile, messagesFile, ...rest } = flags
  const fileText = (path: string | undefined) => textOf(disk, shell.machine.workingFolder, path)
  return {
    ...rest,
    prompt: flags.prompt ?? (await fileText(promptFile)),
    system: flags.system ?? (await fileText(systemFile)),
    messages: flags.messages ?? (await messagesOf(messagesFile, await fileText(messagesFile))),
    imageColumns: flags.imageColumn,
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

async function messagesOf(name = '', text?: string): Promise<NewRunOptions['messages']> {
  if (text === undefined) return undefined
  const { readMessages } = await import('./messages-file.ts')
  return await readMessages(text, name)
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
