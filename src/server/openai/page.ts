import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import type { PlayedHost } from './host.ts'

/** Size of a page, and its limit. */
export interface PageSize {
  readonly standard: number
  readonly most: number
}

/** A listing as the host gives it that the server plays: by pages, or all at once. */
export function listed<Entry extends { readonly id: string }>(
  { are }: PlayedHost,
  context: ServerContext,
  entries: readonly Entry[],
  size: PageSize,
  show: (entry: Entry) => Record<string, unknown>,
): Response {
  if (are.has('bare-list')) return Response.json(entries.map(show))
  if (are.has('unpaged-list')) {
    const [unknown] = Object.keys(context.req.query())
    if (unknown !== undefined) return invalidRequest(`Unknown query parameter: '${unknown}'.`, null, unknown)
    return Response.json({ object: 'list', data: entries.map(show) })
  }
  return cursorPage(context, entries, size, show, are.has('value-list') ? 'value' : 'data')
}

/** One page of a listing with OpenAI's cursor, or the refusal of a query that is not right. */
export function cursorPage<Entry extends { readonly id: string }>(
  context: ServerContext,
  entries: readonly Entry[],
  size: PageSize,
  show: (entry: Entry) => Record<string, unknown>,
  member: 'data' | 'value' = 'data',
): Response {
  const limit = context.req.query('limit') === undefined ? size.standard : Number(context.req.query('limit'))
  if (!Number.isInteger(limit))
    return invalidRequest("Invalid type for 'limit': expected an integer.", 'invalid_type', 'limit')
  if (limit > size.most || limit < 1) return outOfRange(limit, size)
  const after = context.var.faults.has('repeat-page') ? undefined : context.req.query('after')
  const start = after === undefined ? 0 : entries.findIndex((entry) => entry.id === after) + 1
  if (after !== undefined && start === 0) return invalidRequest(`No such object: '${after}'.`, null, 'after')
  const page = entries.slice(start, start + limit)
  return Response.json({
    object: 'list',
    [member]: page.map(show),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: start + limit < entries.length,
  })
}

function outOfRange(limit: number, size: PageSize): Response {
  const isAbove = limit > size.most
  const bound = isAbove ? `<= ${size.most}` : '>= 1'
  const text = `Invalid 'limit': integer ${isAbove ? 'above maximum' : 'below minimum'} value. Expected a value ${bound}, but got ${limit} instead.`
  return invalidRequest(text, isAbove ? 'integer_above_max_value' : 'integer_below_min_value', 'limit')
}
