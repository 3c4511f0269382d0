import type { Driver } from './driver.ts'
import { countReaskable } from './reasks.ts'
import type { RequestCounts } from './store.ts'

/** Counts of rows by their state. Counting reads every request, and progress asks once a second. */

const NONE: RequestCounts = {
  pending: 0,
  batched: 0,
  succeeded: 0,
  failed: 0,
  expired: 0,
  cancelled: 0,
  refused: 0,
  truncated: 0,
  invalid: 0,
  missing: 0,
  skipped: 0,
}

/** Counts anew. */
export function selectCounts(driver: Driver, runKey: number): RequestCounts {
  const counts: Record<keyof RequestCounts, number> = { ...NONE }
  const states = driver.all<{ state: keyof RequestCounts; count: number }>(
    'select state, sum(rows) as count from requests where run = ? group by state',
    runKey,
  )
  for (const { state, count } of states) counts[state] = count
  counts.skipped =
    driver.get<{ count: number }>('select count(*) as count from rows where run = ? and problem is not null', runKey)
      ?.count ?? 0
  return counts
}

interface KeptRow {
  version: number
  kept: string | null
}

/** Raises the version of a run whose rows or requests were written in this transaction. */
export function noteWork(driver: Driver, runKey: number): void {
  if (!driver.hasWritten('requests') && !driver.hasWritten('rows')) return
  driver.run('update runs set work_version = work_version + 1 where key = ?', runKey)
}

/** Keeps the counts of a run that is finished, for later questions. */
export function keepCounts(driver: Driver, runKey: number): void {
  const version = selectKept(driver, runKey)?.version ?? 0
  const kept = JSON.stringify({ version, counts: selectCounts(driver, runKey) })
  driver.run('update runs set kept_counts = ? where key = ?', kept, runKey)
}

/**
 * Reads the counts of a run, and counts again only after its rows or requests were written, by whichever process. Invalid
 * answers that are about to be asked again count as pending, as long as the run goes on.
 */
export function countReader(driver: Driver, runKey: number): () => RequestCounts {
  const readSettled = settledReader(driver, runKey)
  return () => {
    const counts = readSettled()
    if (counts.invalid === 0 || !selectIsGoingOn(driver, runKey)) return counts
    const reaskable = countReaskable(driver, runKey)
    return { ...counts, invalid: counts.invalid - reaskable, pending: counts.pending + reaskable }
  }
}

/** True where rows with an invalid answer will be asked again, as far as their run allows. */
function selectIsGoingOn(driver: Driver, runKey: number): boolean {
  const going = `state not in ('completed', 'cancelled', 'cancelling') and cancel_requested_at is null`
  return driver.get(`select 1 from runs where key = ? and ${going}`, runKey) !== undefined
}

function settledReader(driver: Driver, runKey: number): () => RequestCounts {
  let known: { readonly version: number; readonly counts: RequestCounts } | undefined
  return () => {
    // The version first: what is written between the two is counted again the next time.
    const row = selectKept(driver, runKey)
    if (!row) return selectCounts(driver, runKey)
    const { kept, version } = row
    if (known?.version !== version) known = keptAt(version, kept) ?? { version, counts: selectCounts(driver, runKey) }
    return known.counts
  }
}

function selectKept(driver: Driver, runKey: number): KeptRow | undefined {
  return driver.get<KeptRow>('select work_version as version, kept_counts as kept from runs where key = ?', runKey)
}

function keptAt(
  version: number,
  text: string | null,
): { readonly version: number; readonly counts: RequestCounts } | undefined {
  if (text === null) return undefined
  const kept = JSON.parse(text) as { readonly version: number; readonly counts: Partial<RequestCounts> }
  return kept.version === version ? { version, counts: { ...NONE, ...kept.counts } } : undefined
}
