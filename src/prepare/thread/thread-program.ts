import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { PrepareThreadSettings } from '../../config/settings.ts'
import type { InputSource } from '../../input/open.ts'
import type { Disk } from '../../lib/disk.ts'
import { CORES } from '../../lib/machine.ts'
import { packageFolder } from '../../lib/package-folder.ts'
import { isBuiltIn } from '../../providers/registry.ts'
import type { RowChoice } from '../chosen-rows.ts'

/** Facts that decide whether an input is prepared in a thread. */
export interface ThreadQuestion extends RowChoice {
  readonly definition: { readonly provider: string }
  readonly input: { readonly source: InputSource; readonly disk: Disk }
  readonly promptFunction?: unknown
  readonly settings: { readonly prepareThread: PrepareThreadSettings }
}

/**
 * The path of the module that prepares an input in a thread of its own; null where the main thread is to do it: where that
 * is faster, because the input is small, or where the thread would not know what the main thread knows. A thread has no
 * functions and no providers of the program, and reads files from the system's disk alone.
 */
export async function threadProgram(question: ThreadQuestion): Promise<string | null> {
  const { definition, input, limit, promptFunction, sample, settings } = question
  const { aboveBytes, isOn } = settings.prepareThread
  if (!isOn || CORES < 2 || input.disk.isOfSystem !== true || !isBuiltIn(definition.provider)) return null
  if (limit !== undefined || sample !== undefined || promptFunction !== undefined) return null
  if ((await bytesOf(input)) <= aboveBytes) return null
  // What is copied as data must mean the same there; a program may have given an object of its own as a parameter.
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(definition)), definition)) return null
  const program = builtProgram()
  return program !== null && (await input.disk.size(program)) !== undefined ? program : null
}

/** Null where this package was made a part of another program's files. */
function builtProgram(): string | null {
  try {
    return join(packageFolder(), 'dist', 'prepare', 'thread', 'preparing-thread.js')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

/** Bytes of all files as they lie; 0 for what is not files, or not there. */
async function bytesOf({ disk, source }: ThreadQuestion['input']): Promise<number> {
  const paths = 'paths' in source ? source.paths : 'path' in source ? [source.path] : []
  const sizes = await Promise.all(paths.map((path) => disk.size(path)))
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
}
