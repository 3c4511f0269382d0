import { z } from 'zod'
import type { Api } from '../api.ts'
import type { Page, PagePosition } from '../listing.ts'
import type { ListRequest } from './shared-verbs.ts'

/** One page by cursor. A missing `has_more` is passed on as such: it does not mean that nothing follows. */
export async function cursorPage<Item>(
  api: Api,
  request: ListRequest,
  item: z.ZodType<Item>,
  { after }: PagePosition,
  signal: AbortSignal,
): Promise<Page<Item>> {
  const schema = z.object({ data: z.array(item), has_more: z.boolean().nullish() })
  const query = after === null ? request.query : { ...request.query, after }
  const { bytes, value } = await api.readSized({ path: request.path, query }, schema, signal)
  return { items: value.data, hasMore: value.has_more ?? undefined, bytes }
}
