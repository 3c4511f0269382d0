import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** The folder of this package, in which sources and what is built of them lie at different depths. */
export function packageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('llm-batch/package.json'))
}
