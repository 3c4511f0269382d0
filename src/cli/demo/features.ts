import { fileURLToPath } from 'node:url'
import type { Disk } from '../../lib/disk.ts'

/** One row of the demo's input. A type, not an interface, so that it counts as a record. */
export type Feature = {
  readonly feature: string
  readonly name: string
  readonly description: string
}

/** Ships with the package; it lies as far from this file as from what is built of it. */
const FILE = fileURLToPath(new URL('../../../data/web-features/features.jsonl', import.meta.url))

/**
 * Features of the web platform, sorted by their key: 1,204, an extract of the npm package `web-features` (W3C WebDX
 * community group, Apache-2.0). At most so many.
 */
export async function webFeatures(disk: Pick<Disk, 'readText'>, most: number): Promise<readonly Feature[]> {
  const text = await disk.readText(FILE)
  if (text === undefined) throw new Error(`${FILE} is missing; install the package again`)
  const lines = text.trimEnd().split('\n').slice(0, most)
  return lines.map((line) => JSON.parse(line) as Feature)
}
