import type { JsonObject } from '../../lib/json.ts'
import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'

const DEFAULT_PAGE = 100
const LARGEST_PAGE = 1_000

/** One page of a list, with the token of the next one where there is one. */
export function tokenPage<Entry>(
  context: ServerContext,
  member: string,
  entries: readonly Entry[],
  show: (entry: Entry) => JsonObject,
): Response {
  const limit = Number(context.req.query('limit') ?? DEFAULT_PAGE)
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
    return invalidRequest(`The limit must be a number from 1 to ${LARGEST_PAGE}.`, null, 'limit')
  }
  const token = context.var.faults.has('repeat-page') ? undefined : context.req.query('pagination_token')
  const start = token === undefined ? 0 : placeOf(token)
  if (Number.isNaN(start)) return invalidRequest('The pagination token is not valid.', null, 'pagination_token')
  const end = start + limit
  const isMore = end < entries.length
  return Response.json({
    [member]: entries.slice(start, end).map(show),
    pagination_token: isMore ? Buffer.from(`from ${end}`).toString('base64url') : null,
  })
}

function placeOf(token: string): number {
  return Number(/^from (\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1] ?? Number.NaN)
}
