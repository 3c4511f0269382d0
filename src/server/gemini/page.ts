import type { JsonObject } from '../../lib/json.ts'
import type { ServerContext } from '../http/environment.ts'
import { geminiError } from './errors.ts'

const DEFAULT_PAGE = 50
const LARGEST_PAGE = 100

/** One page of a listing. The token of the next one is opaque; a listing without entries leaves the member out. */
export async function tokenPage<Entry extends { readonly id: string }>(
  context: ServerContext,
  member: string,
  entries: readonly Entry[],
  show: (entry: Entry) => JsonObject | Promise<JsonObject>,
): Promise<Response> {
  const size = Number(context.req.query('pageSize') ?? DEFAULT_PAGE)
  if (!Number.isInteger(size) || size < 0) return geminiError(400, 'The page size must not be negative.')
  const token = context.var.faults.has('repeat-page') ? undefined : context.req.query('pageToken')
  const start = token === undefined ? 0 : entries.findIndex(({ id }) => tokenOf(id) === token) + 1
  if (token !== undefined && start === 0) return geminiError(400, 'The page token is not valid.')
  const page = entries.slice(start, start + Math.min(size || DEFAULT_PAGE, LARGEST_PAGE))
  const last = page.at(-1)
  const isMore = start + page.length < entries.length
  return Response.json({
    ...(page.length === 0 ? {} : { [member]: await Promise.all(page.map(async (entry) => await show(entry))) }),
    ...(isMore && last ? { nextPageToken: tokenOf(last.id) } : {}),
  })
}

function tokenOf(id: string): string {
  return Buffer.from(`after ${id}`).toString('base64url')
}
