import { join } from 'node:path'
import { LlmBatchError } from '../model/error.ts'

/** Places of the files of one run. All names come from our own numbers; nothing remote ever becomes a path. */
export interface RunFolder {
  readonly path: string
  readonly inputs: string
  readonly results: string
  readonly log: string
  /** Where the run was seen by OpenTelemetry; absent where it was not. */
  readonly traces: string
  readonly lock: string
  /** What the run was started from, as a job file; absent where the run has no such file. */
  readonly job: string
  /** The folder of the local batch server that executes the run's batches; absent where a provider does. */
  readonly localServer: string
  /** The files of the rows that were frozen together under this number, from 1; `writer` is that of `RowFiles`. */
  portion(number: number, writer?: number | null): PortionFiles
  input(name: string): string
  /** The requests of the batch that was planned under this nonce; absent where they count up. */
  plan(nonce: string): string
  /** The columns of outcomes of a batch. */
  outcomes(name: string): string
  /** The raw result file of an attempt, byte for byte as the provider sent it; `stem` is how its name begins. */
  result(stem: string, file: 'output' | 'error'): string
  /** A result file of ours that is being written, before its attempt has a key. */
  unnamedResult(number: number): string
}

/** Places of rows that were frozen together. */
export interface PortionFiles {
  /** The frozen rows, one JSON object a line, in input order. */
  readonly rows: string
  /** What is known of rows besides their columns. */
  readonly rowFacts: string
  /** Where rows can be read from besides their beginning; absent where these are few. */
  readonly rowIndex: string
  /** Which requests answer several rows; absent where none do. */
  readonly sharing: string
}

/** The folder of a run below its home. Throws `disk` for an id or a name in the state that is none of ours. */
export function runFolder(home: string, runId: string): RunFolder {
  const path = join(home, 'runs', ownName(runId))
  const inputs = join(path, 'inputs')
  const results = join(path, 'results')
  return {
    path,
    inputs,
    results,
    log: join(path, 'log.jsonl'),
    traces: join(path, 'traces.jsonl'),
    lock: join(path, 'lock.db'),
    job: join(path, 'job.yaml'),
    localServer: join(path, 'local-server'),
    portion: (number, writer = null) => {
      const which = `${number === 1 ? '' : `-${number}`}${writer === null ? '' : `-w${writer}`}`
      return {
        rows: join(path, `rows${which}.jsonl`),
        rowFacts: join(path, `row-facts${which}.jsonl`),
        rowIndex: join(path, `row-index${which}.columns`),
        sharing: join(path, `sharing${which}.columns`),
      }
    },
    input: (name) => join(inputs, ownName(name)),
    plan: (nonce) => join(inputs, ownName(`${nonce}.columns`)),
    outcomes: (name) => join(results, ownName(name)),
    unnamedResult: (number) => join(results, `unnamed-${number}.jsonl`),
    result: (stem, file) => join(results, ownName(`${stem}-${file}.jsonl`)),
  }
}

/** A state may come from someone else: a name in it must not lead out of the folder, nor to a name of Windows' own. */
function ownName(name: string): string {
  if (/^[\w-]+(?:\.jsonl|\.columns)?$/.test(name) && !/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name))
    return name
  throw new LlmBatchError('disk', `the state names ${JSON.stringify(name)}, which llm-batch never makes`, {
    next: 'Do not go on with this run: its state was damaged, or made to do harm.',
  })
}

/** The state database of a home. */
export function statePath(home: string): string {
  return join(home, 'state.db')
}
