import type { DiskFile } from '../lib/disk.ts'
import { splitLines } from '../lib/jsonl.ts'
import { wireId, wirePrefix } from '../model/ids.ts'
import { emptyOutcome, type Outcome, type OutcomeStatus } from '../model/outcome.ts'
import type { RowOutcome, SettledResult } from '../model/row.ts'
import type { Target } from '../model/target.ts'
import type { RowResultRecord } from '../store/store.ts'
import type { RunContext } from './context.ts'

type Ports = Pick<RunContext, 'disk' | 'folder' | 'provider' | 'store'>

/** Rows joined at once. */
const PAGE_ROWS = 2_000

/**
 * Every row of the run in input order with what became of it: the frozen rows read in sequence, the answers by offset
 * from the raw result files. Flat memory; may be read at any time, rows without a result are simply pending.
 */
export async function* readAnswers(ports: Ports): AsyncIterable<readonly RowOutcome[]> {
  const files = new ResultFiles(ports)
  const rows = frozenRows(ports)
  try {
    let after = -1
    for (;;) {
      const page = await ports.store.rowResults(after, PAGE_ROWS)
      const last = page.at(-1)
      if (!last) return
      after = last.row
      const lines = await Promise.all(page.map((record) => files.lineOf(record)))
      const outcomes: RowOutcome[] = []
      for (const [index, record] of page.entries()) {
        const json = await rows.next()
        if (json.done) throw new Error(`the frozen rows end before row ${record.row}`)
        outcomes.push(rowOutcome(record, json.value, lines[index] ?? null, ports.provider))
      }
      yield outcomes
    }
  } finally {
    await rows.return(undefined)
    await files.close()
  }
}

async function* frozenRows({ disk, folder }: Ports): AsyncGenerator<string, undefined> {
  for await (const lines of splitLines(disk.stream(folder.rows))) {
    for (const line of lines) yield Buffer.from(line.bytes).toString('utf8')
  }
  return undefined
}

function rowOutcome(
  record: RowResultRecord,
  json: string,
  rawLine: string | null,
  provider: Ports['provider'],
): RowOutcome {
  return {
    ordinal: record.row,
    line: record.line,
    id: record.id,
    json,
    problem: record.problem,
    result: resultOf(record, rawLine, provider),
  }
}

function resultOf(record: RowResultRecord, rawLine: string | null, provider: Ports['provider']): SettledResult | null {
  const { request, result, state, target, tries } = record
  if (state === null || state === 'pending' || state === 'batched') return null
  if (!target) return null
  if (!result || request === null) return unsentResult(state, target)
  const decoded = rawLine === null ? undefined : provider.decode(rawLine, target)
  // What the store settled on counts; the line adds what is kept in files only: the answer itself.
  const outcome: Outcome = {
    ...(decoded?.outcome ?? emptyOutcome({ status: state, code: null, reason: null, billed: result.billed })),
    status: state,
    code: result.code,
    reason: result.reason,
    billed: result.billed,
  }
  return { outcome, target, tries, rawLine, wireId: wireId(wirePrefix(result.nonce), request) }
}

/** A request that was given up before it was sent. */
function unsentResult(state: OutcomeStatus, target: Target): SettledResult {
  const outcome = emptyOutcome({
    status: state,
    code: 'cancelled_by_user',
    reason: 'the run was cancelled before this request was sent',
    billed: 'no',
  })
  return { outcome, target, tries: 0, rawLine: null, wireId: '' }
}

/** Raw result lines by offset; files stay open until the end, there are two to a batch. */
class ResultFiles {
  readonly #ports: Ports
  readonly #open = new Map<string, Promise<DiskFile>>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  async lineOf({ result }: RowResultRecord): Promise<string | null> {
    if (!result || result.file === null || result.offset === null || result.length === null) return null
    const path = this.#ports.folder.result(result.attemptKey, result.file)
    const file = await this.#fileAt(path)
    return Buffer.from(await file.read(result.offset, result.length)).toString('utf8')
  }

  #fileAt(path: string): Promise<DiskFile> {
    let file = this.#open.get(path)
    if (!file) {
      file = this.#ports.disk.open(path, 'read')
      this.#open.set(path, file)
    }
    return file
  }

  async close(): Promise<void> {
    for (const file of this.#open.values()) await (await file).close()
    this.#open.clear()
  }
}
