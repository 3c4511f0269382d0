import { cancelledOutcome } from '../collect/triage.ts'
import { wireId, wirePrefix } from '../model/ids.ts'
import { emptyOutcome, type Outcome, type OutcomeStatus } from '../model/outcome.ts'
import type { RowOutcome, SettledResult } from '../model/row.ts'
import type { CancelCause } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import type { RowResultRecord } from '../store/store.ts'
import type { RunContext } from './context.ts'
import { FrozenRows } from './frozen-rows.ts'
import { ResultLines } from './result-lines.ts'

type Ports = Pick<RunContext, 'disk' | 'folder' | 'provider' | 'store'>

/** Rows asked of the store at once. */
const PAGE_ROWS = 400

/** Rows joined at once, few because they live together, and bytes of their raw lines: answers such as embeddings are long. */
const PART_ROWS = 100
const PART_BYTES = 4 * 1_024 * 1_024

/**
 * Every row of the run in input order with what became of it: the frozen rows read in sequence, the answers by offset
 * from the raw result files. Flat memory; may be read at any time, rows without a result are simply pending.
 */
export async function* readAnswers(ports: Ports): AsyncIterable<readonly RowOutcome[]> {
  const resultLines = new ResultLines(ports)
  const rows = new FrozenRows(ports)
  const cause = (await ports.store.record()).cancelCause ?? 'user'
  try {
    for await (const part of recordParts(ports.store)) {
      const lines = await resultLines.of(part)
      const texts = await rows.take(part.length)
      yield part.map((record, index) =>
        rowOutcome(record, texts[index] ?? '', lines[index] ?? null, ports.provider, cause),
      )
    }
  } finally {
    await rows.close()
    await resultLines.close()
  }
}

/** What the store knows of the rows, in parts whose answers fit in memory. */
async function* recordParts(store: Ports['store']): AsyncIterable<readonly RowResultRecord[]> {
  let after = -1
  for (;;) {
    const page = await store.rowResults(after, PAGE_ROWS)
    const last = page.at(-1)
    if (!last) return
    after = last.row
    let start = 0
    let bytes = 0
    for (const [index, { result }] of page.entries()) {
      const length = result?.length ?? 0
      if (index > start && (index - start === PART_ROWS || bytes + length > PART_BYTES)) {
        yield page.slice(start, index)
        start = index
        bytes = 0
      }
      bytes += length
    }
    yield page.slice(start)
  }
}

function rowOutcome(
  record: RowResultRecord,
  json: string,
  rawLine: string | null,
  provider: Ports['provider'],
  cause: CancelCause,
): RowOutcome {
  return {
    ordinal: record.row,
    line: record.line,
    id: record.id,
    json,
    problem: record.problem,
    result: resultOf(record, rawLine, provider, cause),
  }
}

function resultOf(
  record: RowResultRecord,
  rawLine: string | null,
  provider: Ports['provider'],
  cause: CancelCause,
): SettledResult | null {
  const { kind, request, result, state, target, tries } = record
  if (state === null || state === 'pending' || state === 'batched') return null
  if (!target || kind === null) return null
  if (!result || request === null) return unsentResult(state, target, cause)
  const decoded = rawLine === null ? undefined : provider.decode(rawLine, target)
  // What the store settled on counts; the line adds what is kept in files only: the answer itself.
  const outcome: Outcome = {
    ...(decoded?.outcome ?? emptyOutcome({ status: state, code: null, reason: null, billed: result.billed })),
    status: state,
    code: result.code,
    reason: result.reason,
    billed: result.billed,
  }
  return { outcome, target, kind, tries, rawLine, wireId: wireId(wirePrefix(result.nonce), request) }
}

/** A request that was given up before it was sent. */
function unsentResult(state: OutcomeStatus, target: Target, cause: CancelCause): SettledResult {
  const outcome = { ...cancelledOutcome(cause, 'no'), status: state }
  return { outcome, target, kind: 'batch', tries: 0, rawLine: null, wireId: '' }
}
