import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './project.mjs'

/** Written last into a finished build: the hash of what it was made from. Not published. */
export const STAMP = '.made-from'

/** The hash of everything that decides what a build contains. */
export function sourceHash() {
  const hash = createHash('sha256')
  const sources = ['src', 'page']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const scripts = ['scripts/build.mjs', 'scripts/build-page.mjs', 'scripts/bundle.mjs']
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', ...scripts]
  for (const path of [...sources, ...settings.map((name) => join(root, name))]) {
    const bytes = readFileSync(path)
    hash.update(`${path.slice(root.length)} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

/** True where dist was made from the sources as they are now. */
export function isBuilt() {
  const stamp = join(root, 'dist', STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceHash()
}
