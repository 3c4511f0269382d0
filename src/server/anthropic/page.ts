import type { ServerContext } from '../http/environment.ts'
import { refuse } from './dialect.ts'

/** By the API description. */
const LIMIT = { standard: 20, most: 1_000 }

/** One page of a listing by the id of its neighbour, or the refusal of a query that is not right. */
export function idPage<Entry extends { readonly id: string }>(
  context: ServerContext,
  entries: readonly Entry[],
  show: (entry: Entry) => Record<string, unknown>,
): Response {
  const limit = context.req.query('limit') === undefined ? LIMIT.standard : Number(context.req.query('limit'))
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT.most) {
    return refuse(400, `limit: Input should be an integer from 1 to ${LIMIT.most}`)
  }
  const after = context.var.faults.has('repeat-page') ? undefined : context.req.query('after_id')
  const before = context.req.query('before_id')
  if (after !== undefined && before !== undefined) return refuse(400, 'Only one of after_id and before_id can be given')
  const range = rangeOf(entries, { after, before, limit })
  if (range === undefined) return refuse(404, `Batch ${after ?? before} not found`)
  const page = entries.slice(range.start, range.end)
  return Response.json({
    data: page.map(show),
    has_more: before === undefined ? range.end < entries.length : range.start > 0,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  })
}

function rangeOf(
  entries: readonly { readonly id: string }[],
  {
    after,
    before,
    limit,
  }: { readonly after: string | undefined; readonly before: string | undefined; readonly limit: number },
): { readonly start: number; readonly end: number } | undefined {
  const cursor = after ?? before
  if (cursor === undefined) return { start: 0, end: limit }
  const place = entries.findIndex(({ id }) => id === cursor)
  if (place < 0) return undefined
  return after === undefined
    ? { start: Math.max(0, place - limit), end: place }
    : { start: place + 1, end: place + 1 + limit }
}
