import { z } from 'zod'
import { jsonElements } from '../../lib/json-members.ts'
import { sliceProperty } from '../../lib/json-slice.ts'
import { unanswered } from '../../model/failure.ts'
import type { Api } from '../api.ts'
import { ProviderError } from '../provider.ts'
import { path } from '../remote-id.ts'

/** As many as a batch has requests, should each page hold one; a server that goes on is not one to believe. */
const MOST_PAGES = 5_000

const pageSchema = z.object({ has_more: z.boolean().nullish(), next_cursor: z.string().nullish() })

/**
 * The answers of an ended batch as lines, each as the API wrote it but for line breaks between its values. They come in
 * pages by a cursor; where the API does not know these, they stand in the batch itself.
 */
export async function* readResults(api: Api, root: string, id: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const place = root + path`/${id}`
  let cursor: string | null = null
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const text: string | undefined = await pageText(api, place, cursor, signal)
    if (text === undefined) {
      if (page > 0) throw broken(place, 'ended before its last page')
      return yield* linesOf(place, await api.readForText({ path: place }, signal), 'results')
    }
    yield* linesOf(place, text, 'data')
    const { has_more: hasMore, next_cursor: next } = pageSchema.parse(JSON.parse(text))
    if (hasMore !== true) return
    if (!next || next === cursor) throw broken(place, 'says that more follows, and not where')
    cursor = next
  }
  throw broken(place, `has more than ${MOST_PAGES} pages`)
}

/** A page; undefined where the API does not know pages of answers. */
async function pageText(
  api: Api,
  place: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = cursor === null ? {} : { query: { cursor } }
  try {
    return await api.readForText({ path: `${place}/results`, ...query }, signal)
  } catch (error) {
    const isUnknown = error instanceof ProviderError && (error.failure.status === 404 || error.failure.status === 405)
    if (isUnknown) return undefined
    throw error
  }
}

/** The elements of a list in a JSON object, a line each. Line breaks can only stand between values of JSON text. */
function* linesOf(place: string, text: string, member: string): Iterable<Uint8Array> {
  const list = sliceProperty(text, member)
  if (list?.startsWith('[') !== true) throw broken(place, `is without ${member}`)
  for (const { end, start } of jsonElements(list)) {
    yield Buffer.from(`${list.slice(start, end).replace(/[\r\n]+/g, ' ')}\n`)
  }
}

function broken(place: string, what: string): ProviderError {
  return new ProviderError(unanswered('shape', `the list of answers at ${place} ${what}`))
}
