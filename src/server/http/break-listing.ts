import type { JsonObject } from '../../lib/json.ts'
import type { ActiveFaults } from '../faults/injector.ts'
import type { DialectName } from '../state/record.ts'

interface Page extends JsonObject {
  readonly data: readonly unknown[]
}

/** Faults of one page of a listing. A page at Mistral promises more by its `total`, one at OpenAI by `has_more`. */
export function breakListing(dialect: DialectName, faults: ActiveFaults, page: Page): JsonObject {
  const shaped = reshape(dialect, faults, page)
  if (!faults.has('no-has-more')) return shaped
  const { has_more: _, ...rest } = shaped
  return rest
}

function reshape(dialect: DialectName, faults: ActiveFaults, page: Page): JsonObject {
  const more = dialect === 'openai' ? { has_more: true } : { total: page.data.length + 1_000 }
  const last = (data: readonly unknown[]): JsonObject =>
    dialect === 'openai' ? { data, has_more: false } : { data, total: data.length }
  if (faults.has('nothing-listed')) return { ...page, ...last([]), first_id: null, last_id: null }
  if (faults.has('empty-page')) return { ...page, ...more, data: [], first_id: null, last_id: null }
  if (faults.has('repeat-page')) return { ...page, ...more }
  if (faults.has('ends-early')) return { ...page, ...last(page.data.slice(0, Math.floor(page.data.length / 2))) }
  if (faults.has('doubled-entries')) return { ...page, data: page.data.flatMap((entry) => [entry, entry]) }
  return page
}
