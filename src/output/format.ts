import { extname } from 'node:path'
import type { OutputFormat } from '../model/run.ts'

const FORMATS: ReadonlyMap<string, OutputFormat> = new Map([
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.json', 'json'],
  ['.csv', 'csv'],
  ['.tsv', 'tsv'],
  ['.parquet', 'parquet'],
  ['.db', 'sqlite'],
  ['.sqlite', 'sqlite'],
  ['.sqlite3', 'sqlite'],
])

/** The endings that an answers file may have, for messages; all but Parquet and SQLite also with `.gz` after them. */
export const KNOWN_ENDINGS: readonly string[] = [...FORMATS.keys()]

/** The format that a path's ending asks for, whether packed or not, or undefined for an ending that names none. */
export function formatOf(path: string): OutputFormat | undefined {
  const name = isPacked(path) ? path.slice(0, -'.gz'.length) : path
  return FORMATS.get(extname(name).toLowerCase())
}

/** True where the ending asks for gzip. */
export function isPacked(path: string): boolean {
  return extname(path).toLowerCase() === '.gz'
}
