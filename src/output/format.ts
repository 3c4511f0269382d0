import { extname } from 'node:path'
import type { OutputFormat } from '../model/run.ts'

const FORMATS: ReadonlyMap<string, OutputFormat> = new Map([
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.csv', 'csv'],
])

/** The endings that an answers file may have, for messages. */
export const KNOWN_ENDINGS: readonly string[] = [...FORMATS.keys()]

/** The format that a path's ending asks for, or undefined for an ending that names none. */
export function formatOf(path: string): OutputFormat | undefined {
  return FORMATS.get(extname(path).toLowerCase())
}
