import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Every file below a folder, with its bytes as Latin-1 text, in which any ASCII text can be looked for. */
export async function filesBelow(folder: string): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ name, parentPath }) => join(parentPath, name))
  return await Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'latin1') })))
}
