import type { JsonObject } from '../../lib/json.ts'
import type { Pages } from '../dialect.ts'
import type { ActiveFaults } from '../faults/injector.ts'

/** Faults of one page of a listing. */
export function breakListing(pages: Pages, faults: ActiveFaults, page: JsonObject): JsonObject {
  const shaped = reshape(pages, faults, page)
  if (!faults.has('no-has-more')) return shaped
  const { [pages.promise]: _, ...rest } = shaped
  return rest
}

function reshape(pages: Pages, faults: ActiveFaults, page: JsonObject): JsonObject {
  const { entries: name, promise } = pages
  const entries: readonly unknown[] = Array.isArray(page[name]) ? page[name] : []
  const more = { [promise]: pages.more(entries.length) }
  const last = (some: readonly unknown[]): JsonObject => ({ [name]: some, [promise]: pages.noMore(some.length) })
  if (faults.has('nothing-listed')) return { ...page, ...last([]), first_id: null, last_id: null }
  if (faults.has('empty-page')) return { ...page, ...more, [name]: [], first_id: null, last_id: null }
  if (faults.has('repeat-page')) return { ...page, ...more }
  if (faults.has('ends-early')) return { ...page, ...last(entries.slice(0, Math.floor(entries.length / 2))) }
  if (faults.has('doubled-entries')) return { ...page, [name]: entries.flatMap((entry) => [entry, entry]) }
  return page
}
