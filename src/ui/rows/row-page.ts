import { isReopened } from '../../model/reopening.ts'
import type { RunRows, StandingRow } from '../../results/run-rows.ts'
import type { BatchRecord, RequestCounts } from '../../store/port/batch.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { costOfResult } from '../../workspace/report.ts'
import type { RowLine, RowPage } from '../contract.ts'
import { cursorOf, readNumber } from '../http/parameters.ts'
import type { UiSurroundings } from '../surroundings.ts'
import { type AskedFilter, groupMayFit, readFilter } from './row-filter.ts'
import { lineMaker } from './row-line.ts'
import { type Scanned, scanRows } from './row-scan.ts'

const USUAL_ROWS = 50
const MOST_ROWS = 200
/** Of records and raw lines, some of which have megabytes, such as images. */
const MOST_BYTES = 16 * 1_024 * 1_024

/** A page of the rows of a run that fit the filters of a request. */
export async function rowPage(
  { home, runs }: UiSurroundings,
  run: RunRecord,
  parameters: URLSearchParams,
): Promise<RowPage> {
  const filter = readFilter(parameters)
  const at = readNumber(parameters.get('at') ?? undefined, 'at', 0)
  const from = readNumber(parameters.get('cursor') ?? undefined, 'cursor', at)
  const limit = Math.min(Math.max(1, readNumber(parameters.get('limit') ?? undefined, 'limit', USUAL_ROWS)), MOST_ROWS)
  const { rows } = await runs.open(run)
  const store = home.store.read(run.id)
  const batches = await store.batches()
  const { rowCount } = await rows.frozen()
  const { found, lookedTo } = isEmpty(filter)
    ? await nextRows(rows, batches, from, limit)
    : await scanRows({ rows, run, batches, filter, from, limit })
  const lines = await linesOf(rows, run, found, lineMaker(run, costOfResult(home.configuration.prices)))
  const end = lines.length < found.length ? (lines.at(-1)?.row ?? from) + 1 : lookedTo
  return {
    rows: lines,
    total: rowCount,
    fitting: fittingRows(run, batches, await store.counts(), filter),
    from: Math.min(from, rowCount),
    lookedTo: end,
    next: cursorOf(end, rowCount),
  }
}

function isEmpty({ asked, batch, code, q, status }: AskedFilter): boolean {
  return status.length === 0 && [asked, batch, code, q].every((part) => part === undefined)
}

async function nextRows(rows: RunRows, batches: readonly BatchRecord[], from: number, limit: number): Promise<Scanned> {
  const frozen = await rows.frozen()
  const found = await rows.standing(await frozen.read(from, from + limit, false), batches)
  return { found, lookedTo: Math.min(from + limit, frozen.rowCount) }
}

/** Lines of these rows, of as many of the first as have been read when their texts have so many bytes; at least one. */
async function linesOf(
  rows: RunRows,
  run: RunRecord,
  found: readonly StandingRow[],
  lineOf: ReturnType<typeof lineMaker>,
): Promise<readonly RowLine[]> {
  const lines: RowLine[] = []
  let bytes = 0
  for (const block of await inBlocks(rows, found)) {
    if (bytes > MOST_BYTES) break
    for await (const part of rows.answers(await withTexts(rows, block), run)) {
      for (const [row, outcome] of part) {
        lines.push(lineOf(row, outcome))
        bytes += outcome.json.length + (outcome.result?.rawLine?.length ?? 0)
      }
    }
  }
  return lines
}

/** Rows that are read together; a row that is longer than a block is alone in it. */
async function inBlocks(rows: RunRows, found: readonly StandingRow[]): Promise<readonly (readonly StandingRow[])[]> {
  const frozen = await rows.frozen()
  const blocks: StandingRow[][] = []
  let last: number | undefined
  for (const row of found) {
    const block = frozen.blockOf(row.at.row)
    if (block !== last) blocks.push([])
    blocks.at(-1)?.push(row)
    last = block
  }
  return blocks
}

/** Rows of a block, read with their texts. */
async function withTexts(rows: RunRows, block: readonly StandingRow[]): Promise<readonly StandingRow[]> {
  const [first, last] = [block[0], block.at(-1)]
  if (!first || !last) return []
  const read = await (await rows.frozen()).read(first.at.row, last.at.row + 1, true)
  return block.map((row) => ({ ...row, at: read[row.at.row - first.at.row] ?? row.at }))
}

/** How many rows fit, by what is counted of batches; null where only looking at all rows would tell. */
function fittingRows(
  { reopenings, rowCount }: RunRecord,
  batches: readonly BatchRecord[],
  { skipped }: RequestCounts,
  filter: AskedFilter,
): number | null {
  const { asked, batch, code, q, status } = filter
  if (isEmpty(filter)) return rowCount
  if (asked !== undefined || batch !== undefined || q !== undefined) return null
  // Which problems rows were skipped for is not counted.
  if (code !== undefined && (status.length === 0 || status.includes('skipped'))) return null
  let fitting = status.includes('skipped') ? skipped : 0
  for (const { number, tally } of batches) {
    for (const group of tally) {
      const isAgain = reopenings.some((reopening) => isReopened(reopening, group, number))
      if (groupMayFit(group, isAgain, filter)) fitting += group.rows
    }
  }
  return fitting
}
