import { z } from 'zod'
import { isJsonObject } from '../../lib/json.ts'

/** Position and content of a page: the member that holds its list, and the token of the next page where there is one. */
export interface PageOutline {
  /** Undefined for a page without entries that leaves the list out. */
  readonly member: string | undefined
  readonly token: string | undefined
}

/**
 * The outline of a page of batches or results; undefined for an answer that is none. How the list is called is not known
 * for sure, so the page must have one list, or nothing but its token.
 */
export function outlineOf(page: unknown): PageOutline | undefined {
  if (!isJsonObject(page)) return undefined
  const { pagination_token: given, ...members } = page
  const lists = Object.keys(members).filter((name) => Array.isArray(members[name]))
  const [member] = lists
  const isPage = lists.length === 1 || Object.keys(members).length === 0
  if (!isPage || (given !== undefined && given !== null && typeof given !== 'string')) return undefined
  return { member, token: given || undefined }
}

/** A page whose items have this form. */
export function pageSchema<Item>(
  item: z.ZodType<Item>,
): z.ZodType<{ readonly items: readonly Item[]; readonly token: string | undefined }> {
  const plain = (page: unknown): unknown => {
    const outline = outlineOf(page)
    if (outline === undefined || !isJsonObject(page)) return page
    return { items: outline.member === undefined ? [] : page[outline.member], token: outline.token }
  }
  const schema = z.object({ items: z.array(item), token: z.string().optional() })
  return z.preprocess(plain, schema).transform(({ items, token }) => ({ items, token }))
}
