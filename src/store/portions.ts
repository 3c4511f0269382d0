import { LlmBatchError } from '../model/error.ts'
import type { FileFacts } from '../model/file-facts.ts'
import type { RunState } from '../model/run.ts'
import { insertBatch } from './batches.ts'
import type { NewPortion } from './port/batch.ts'
import type { PortionRecord, RowFiles } from './port/run.ts'
import { type StoredTable } from './runs.ts'
import type { Sql } from './sql.ts'
import { replaceTallies } from './tallies.ts'

/** Statements on the rows of a run as they were frozen together. Callers open the transaction. */

export async function selectPortions(sql: Sql, runKey: number): Promise<PortionRecord[]> {
  return (
    await sql.all<StoredPortion>(
      `select number, row_count as "rowCount", request_count as "requestCount", row_files as "rowFiles", sharing
       from portions where run = ? order by number`,
      runKey,
    )
  ).map(({ rowFiles, sharing, ...row }) => ({
    ...row,
    rowFiles: JSON.parse(rowFiles) as RowFiles,
    sharing: sharing === null ? null : (JSON.parse(sharing) as FileFacts),
  }))
}

type StoredPortion = Pick<PortionRecord, 'number' | 'requestCount' | 'rowCount'> & {
  readonly rowFiles: string
  readonly sharing: string | null
}

/** Adds rows with the batches of their requests. */
export async function insertPortion(sql: Sql, runKey: number, portion: NewPortion): Promise<void> {
  const run = await sql.get<{ id: string; state: RunState; isOpen: 0 | 1; cancelRequestedAt: number | null }>(
    'select id, state, is_open as "isOpen", cancel_requested_at as "cancelRequestedAt" from runs where key = ?',
    runKey,
  )
  if (run) assertTakesRows({ ...run, isOpen: run.isOpen === 1 })
  const count =
    (await sql.get<{ count: number }>('select count(*) as count from portions where run = ?', runKey))?.count ?? 0
  if (portion.number !== count + 1) throw new LlmBatchError('conflict', `portion ${portion.number} is not the next one`)
  await sql.run(
    'insert into portions (run, number, row_count, request_count, row_files, sharing) values (?, ?, ?, ?, ?, ?)',
    runKey,
    portion.number,
    portion.rowCount,
    portion.requestCount,
    JSON.stringify(portion.rowFiles),
    portion.sharing && JSON.stringify(portion.sharing),
  )
  for (const batch of portion.batches) await insertBatch(sql, runKey, batch)
  await replaceTallies(sql, runKey, portion.tallies)
  const { columns, definition, files } = portion
  await sql.run(
    `update runs set row_count = row_count + ?, request_count = request_count + ?, skipped_count = skipped_count + ?,
       columns = ?, definition = case when row_count = 0 then ? else definition end
     where key = ?`,
    portion.rowCount,
    portion.requestCount,
    portion.skippedCount,
    JSON.stringify({ columns, files } satisfies StoredTable),
    JSON.stringify(definition),
    runKey,
  )
}

/** Facts that tell whether rows may be added to a run. */
interface Openness {
  readonly id: string
  readonly state: RunState
  readonly isOpen: boolean
  readonly cancelRequestedAt: number | null
}

/** Throws `sealed` for a run that takes no more rows: one that is sealed, finished, or about to be cancelled. */
export function assertTakesRows({ cancelRequestedAt, id, isOpen, state }: Openness): void {
  if (state === 'preparing') return
  if (isOpen && cancelRequestedAt === null && state !== 'cancelling') return
  throw new LlmBatchError('sealed', `run ${id} was sealed or cancelled; rows cannot be appended to it`, {
    next: 'Append them to another run.',
  })
}
