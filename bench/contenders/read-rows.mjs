import { readFile } from 'node:fs/promises'

/**
 * All rows of a file as objects in memory, the way scripts do it.
 * @param {string} path
 */
export async function readRows(path) {
  const text = await readFile(path, 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
