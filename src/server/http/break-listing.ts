import type { ActiveFaults } from '../faults/injector.ts'
import { isJsonObject, type JsonObject } from '../simulate/json.ts'
import type { Simulator } from '../simulator.ts'
import type { DialectName } from '../state/record.ts'

interface Page extends JsonObject {
  readonly data: readonly unknown[]
}

/** Faults of one page of a listing. A page at Mistral promises more by its `total`, one at OpenAI by `has_more`. */
export function breakListing(simulator: Simulator, dialect: DialectName, faults: ActiveFaults, page: Page): JsonObject {
  const lagged = faults.has('lag') ? withoutYoung(simulator, faults.milliseconds('lag'), page) : page
  const shaped = reshape(dialect, faults, lagged)
  if (!faults.has('no-has-more')) return shaped
  const { has_more: _, ...rest } = shaped
  return rest
}

function withoutYoung(simulator: Simulator, youngMs: number, page: Page): Page {
  const oldest = simulator.clock.now() - youngMs
  const data = page.data.filter((entry) => {
    const record = isJsonObject(entry) ? findRecord(simulator, entry) : undefined
    return record === undefined || record.createdAtMs <= oldest
  })
  return { ...page, data }
}

function findRecord(simulator: Simulator, entry: JsonObject): { readonly createdAtMs: number } | undefined {
  const id = String(entry['id'])
  return simulator.state.batches.get(id) ?? simulator.state.files.get(id)
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
