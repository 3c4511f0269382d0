import { join } from 'node:path'
import type { Disk } from '../../lib/disk.ts'
import { packageFolder } from '../../lib/package-folder.ts'

/** One row of the demo's input. A type, not an interface, so that it counts as a record. */
export type Feature = {
  readonly feature: string
  readonly name: string
  readonly description: string
}

/**
 * Features of the web platform, sorted by their key: 1,204, an extract of the npm package `web-features` (W3C WebDX
 * community group, Apache-2.0). At most so many.
 */
export async function webFeatures(disk: Pick<Disk, 'readText'>, most: number): Promise<readonly Feature[]> {
  const file = join(packageFolder(), 'data', 'web-features', 'features.jsonl')
  const text = await disk.readText(file)
  if (text === undefined) throw new Error(`${file} is missing; install the package again`)
  const lines = text.trimEnd().split('\n').slice(0, most)
  return lines.map((line) => JSON.parse(line) as Feature)
}
