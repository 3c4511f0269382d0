import { join } from 'node:path'

/** Where the files of one run lie. All names come from our own numbers; nothing remote ever becomes a path. */
export interface RunFolder {
  readonly path: string
  /** The frozen rows, one JSON object a line, in input order. */
  readonly rows: string
  readonly inputs: string
  readonly results: string
  readonly log: string
  readonly lock: string
  input(name: string): string
  /** The raw result file of an attempt, byte for byte as the provider sent it. */
  result(attemptKey: number, file: 'output' | 'error'): string
}

/** The folder of a run below its home. */
export function runFolder(home: string, runId: string): RunFolder {
  const path = join(home, 'runs', runId)
  const inputs = join(path, 'inputs')
  const results = join(path, 'results')
  return {
    path,
    rows: join(path, 'rows.jsonl'),
    inputs,
    results,
    log: join(path, 'log.jsonl'),
    lock: join(path, 'lock.db'),
    input: (name) => join(inputs, name),
    result: (attemptKey, file) => join(results, `${attemptKey}-${file}.jsonl`),
  }
}

/** The state database of a home. */
export function statePath(home: string): string {
  return join(home, 'state.db')
}
