import type { ServerContext } from '../http/environment.ts'
import { unprocessable } from '../http/error-answer.ts'

/** By Mistral's API description. */
const DEFAULT_PAGE_SIZE = 100

/** One numbered page of a listing, or the refusal of a query that is not right. */
export function numberedPage<Entry>(
  context: ServerContext,
  entries: readonly Entry[],
  show: (entry: Entry) => Record<string, unknown>,
  withTotal = true,
): Response {
  const page = wholeNumber(context, 'page', 0, 0)
  const size = wholeNumber(context, 'page_size', DEFAULT_PAGE_SIZE, 1)
  if (page instanceof Response) return page
  if (size instanceof Response) return size
  const start = context.var.faults.has('repeat-page') ? 0 : page * size
  const data = entries.slice(start, start + size).map(show)
  return Response.json({ data, object: 'list', total: withTotal ? entries.length : null })
}

function wholeNumber(context: ServerContext, name: string, standard: number, least: number): number | Response {
  const given = context.req.query(name)
  if (given === undefined) return standard
  const value = Number(given)
  return Number.isInteger(value) && value >= least
    ? value
    : unprocessable(['query', name], `Input should be a valid integer, at least ${least}`, 'int_parsing')
}
