import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAbsent } from '../../src/lib/disk.ts'

/** Every file below a folder, with its bytes as Latin-1 text, in which any ASCII text can be looked for. */
export async function textsBelow(folder: string): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ name, parentPath }) => join(parentPath, name))
  return await Promise.all(paths.map(async (path) => ({ path, text: await textOf(path) })))
}

/** Empty for a file that has gone meanwhile: SQLite's shared memory goes when its last connection is collected. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    if (isAbsent(error)) return ''
    throw error
  }
}
