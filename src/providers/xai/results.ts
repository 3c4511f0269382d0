import { jsonElements } from '../../lib/json-members.ts'
import { sliceProperty } from '../../lib/json-slice.ts'
import { unanswered } from '../../model/failure.ts'
import type { Api } from '../api.ts'
import { ProviderError } from '../provider.ts'
import { path } from '../remote-id.ts'
import { outlineOf } from './pages.ts'

/** Answers of a page; the API gives up to 1,000, which may be longer than what is read of one answer. */
const PAGE_SIZE = '100'

/** As many as a batch has requests, should each page hold one; a server that goes on is not one to believe. */
const MOST_PAGES = 50_000

/** The answers of a batch as lines, each as the API wrote it but for line breaks between its values. */
export async function* readResults(api: Api, id: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const place = path`/batches/${id}/results`
  let token: string | undefined
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = { limit: PAGE_SIZE, ...(token === undefined ? {} : { pagination_token: token }) }
    const text = await api.readForText({ path: place, query }, signal)
    const outline = outlineOf(JSON.parse(text))
    if (outline === undefined) throw broken(place, 'is not a page of answers')
    if (outline.member !== undefined) yield* linesOf(text, outline.member)
    if (outline.token === undefined) return
    if (outline.token === token || outline.member === undefined) throw broken(place, 'does not go on')
    token = outline.token
  }
  throw broken(place, `has more than ${MOST_PAGES} pages`)
}

/** The elements of a list in a JSON object, a line each. Line breaks can only stand between values of JSON text. */
function* linesOf(text: string, member: string): Iterable<Uint8Array> {
  const list = sliceProperty(text, member) ?? '[]'
  for (const { end, start } of jsonElements(list)) {
    yield Buffer.from(`${list.slice(start, end).replace(/[\r\n]+/g, ' ')}\n`)
  }
}

function broken(place: string, what: string): ProviderError {
  return new ProviderError(unanswered('shape', `the list of answers at ${place} ${what}`))
}
