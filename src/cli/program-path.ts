import { join } from 'node:path'
import { packageFolder } from '../lib/package-folder.ts'

/** The built file of a program; programs are run by Node, which reads no TypeScript. */
export function programPath(name: 'main' | 'demo/server-process' | 'demo/naive-script'): string {
  return join(packageFolder(), 'dist', 'cli', `${name}.js`)
}
