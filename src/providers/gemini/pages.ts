import { z } from 'zod'
import { isJsonObject } from '../../lib/json.ts'
import type { Api } from '../api.ts'
import { type ListingBounds, type Page, type ReadPages, readPages } from '../listing.ts'

/** A collection, the member of its listing that holds it, and the form of its items. */
export interface Collection<Item> {
  readonly path: string
  readonly member: string
  readonly item: z.ZodType<Item>
}

/** One page of a listing. */
interface ListedPage<Item> {
  readonly items: readonly Item[]
  /** Leads to the next page; undefined on the last one. */
  readonly nextToken: string | undefined
}

/** Items of a page; the API gives fewer where it does not give so many. */
const PAGE_SIZE = '100'

/** The form of a page. One without items leaves the member out, so an answer that has other members only is not a page. */
export function pageSchema<Item>({ item, member }: Collection<Item>): z.ZodType<ListedPage<Item>> {
  const schema = z.object({ items: z.array(item), nextPageToken: z.string().optional() })
  const plain = (page: unknown): unknown => {
    if (!isJsonObject(page)) return page
    const { [member]: items, nextPageToken } = page
    return Object.keys(page).length === 0 ? { items: [] } : { items, nextPageToken }
  }
  return z
    .preprocess(plain, schema)
    .transform(({ items, nextPageToken }) => ({ items, nextToken: nextPageToken || undefined }))
}

/** A whole listing, page by page, by the token that each page gives for the next one. */
export async function listAll<Item extends { readonly id: string }>(
  api: Api,
  collection: Collection<Item>,
  keep: (item: Item) => boolean,
  signal: AbortSignal,
  bounds: Partial<ListingBounds>,
): Promise<ReadPages<Item>> {
  const schema = pageSchema(collection)
  let token: string | undefined
  const fetchPage = async (): Promise<Page<Item>> => {
    const query = { pageSize: PAGE_SIZE, ...(token === undefined ? {} : { pageToken: token }) }
    const { bytes, value } = await api.readSized({ path: collection.path, query }, schema, signal)
    token = value.nextToken
    return { items: value.items, hasMore: token !== undefined, bytes }
  }
  return await readPages(fetchPage, keep, signal, bounds)
}
