import { isAbsolute, relative, resolve, sep } from 'node:path'
import { realPath } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'

/** Folders that agents may name files in, and those within them that they may not. */
export interface PathRules {
  readonly workingFolder: string
  readonly roots: readonly string[]
  /** Such as the home, where prompts and answers of all runs lie. */
  readonly closed: readonly string[]
}

/**
 * The absolute path that an agent means; relative ones count from the working folder. Throws `usage` where it leads out of
 * the roots, also by a link, or into what is closed.
 */
export async function allowedPath(path: string, { closed, roots, workingFolder }: PathRules): Promise<string> {
  const absolute = resolve(workingFolder, path)
  const real = await realPath(absolute)
  if (!(await isBelowAny(real, roots))) {
    throw new LlmBatchError('usage', `${path} lies outside of the folders that this server may use`, {
      next: `Name a file below ${roots.join(' or ')}. The person who set the server up can add a folder with ${mention('root')}.`,
    })
  }
  if (await isBelowAny(real, closed)) {
    throw new LlmBatchError('usage', `${path} lies in the home of the runs`, { next: 'Name a file outside of it.' })
  }
  return absolute
}

async function isBelowAny(real: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const way = relative(await realPath(folder), real)
    if (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`)) return true
  }
  return false
}
