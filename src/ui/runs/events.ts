import type { RunRecord } from '../../store/port/run.ts'
import type { EventPage, LoggedEvent } from '../contract.ts'
import { type PageQuery, readNumber } from '../http/parameters.ts'
import type { UiSurroundings } from '../surroundings.ts'

const MOST_EVENTS = 200

/** Read at once from the end of the log; a longer line is left out. */
const PIECE_BYTES = 256 * 1_024

const LINE_FEED = 0x0a

/** Events of the log of a run, the newest first. The cursor is the place in the log before which older ones stand. */
export async function eventPage({ home }: UiSurroundings, run: RunRecord, query: PageQuery): Promise<EventPage> {
  const path = home.folderOf(run.id).log
  const size = (await home.disk.size(path)) ?? 0
  const end = Math.min(readNumber(query.cursor, 'cursor', size), size)
  const limit = Math.min(readNumber(query.limit, 'limit', MOST_EVENTS), MOST_EVENTS)
  const start = Math.max(0, end - PIECE_BYTES)
  if (end === 0) return { events: [], next: null }
  const file = await home.disk.open(path, 'read')
  try {
    const bytes = Buffer.from(await file.read(start, end - start))
    return pageOf(bytes, start, limit)
  } finally {
    await file.close()
  }
}

function pageOf(bytes: Buffer, start: number, limit: number): EventPage {
  const events: LoggedEvent[] = []
  // The first line may have begun before what was read.
  const first = start === 0 ? 0 : bytes.indexOf(LINE_FEED) + 1
  let end = bytes.length
  while (end > first && events.length < limit) {
    const begin = bytes.lastIndexOf(LINE_FEED, end - 2) + 1
    const event = eventOf(bytes.toString('utf8', begin, end))
    if (event) events.push(event)
    end = begin
  }
  const at = end > first ? start + end : start + first
  return { events, next: at <= 0 ? null : String(at === start + bytes.length ? start : at) }
}

/** A line as it was written; undefined for one that was cut off by a crash. */
function eventOf(line: string): LoggedEvent | undefined {
  if (line.trim() === '') return undefined
  try {
    return JSON.parse(line) as LoggedEvent
  } catch {
    // The next events are told all the same.
    return undefined
  }
}
