import { type Failure, ProviderError } from './provider.ts'
import { isRemoteId } from './remote-id.ts'

/** One page of a listing. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** Whether the server says that more follows; undefined where it does not say. */
  readonly hasMore?: boolean | undefined
  /** How many there are in all, where the server says so. */
  readonly total?: number | undefined
  /** The length of the answer. @default 0 */
  readonly bytes?: number
}

/** Position of the next page, in both ways of counting. */
export interface PagePosition {
  /** The last id seen, or null for the first page. */
  readonly after: string | null
  /** From 0. */
  readonly page: number
}

/** All that was listed, and why it cannot be taken for everything where it cannot. */
export type ReadPages<Item> =
  | { readonly isConclusive: true; readonly items: readonly Item[] }
  | {
      readonly isConclusive: false
      readonly items: readonly Item[]
      readonly reason: string
      readonly failure?: Failure
    }

/** Limits of reading a listing before it ends as inconclusive. */
export interface ListingBounds {
  readonly pages: number
  readonly bytes: number
}

/** Enough for a million batches; a server that goes on is not one to believe. */
const BOUNDS: ListingBounds = { pages: 10_000, bytes: 2 ** 30 }

/**
 * Reads pages to the end and relies on no order. The result is conclusive only if every page was well-formed and brought
 * something new, nothing vanished meanwhile, and the end was said or reached; a failing page ends it as inconclusive, and
 * so does a listing that is longer than its bounds. Throws only where the key is refused (401, 403) or the signal aborts.
 */
export async function readPages<Item extends { readonly id: string }>(
  fetchPage: (position: PagePosition) => Promise<Page<Item>>,
  keep: (item: Item) => boolean,
  signal: AbortSignal,
  bounds: Partial<ListingBounds> = {},
): Promise<ReadPages<Item>> {
  const { bytes: mostBytes, pages: mostPages } = { ...BOUNDS, ...bounds }
  let bytes = 0
  const items: Item[] = []
  const seen = new Set<string>()
  let after: string | null = null
  let total: number | undefined
  for (let page = 0; page < mostPages; page += 1) {
    const stop = (reason: string) => ({
      isConclusive: false as const,
      items,
      reason: `page ${page + 1} ${reason}`,
    })
    const fetched = await settled(() => fetchPage({ after, page }), signal)
    if ('message' in fetched) return { ...stop(`failed: ${fetched.message}`), failure: fetched }
    const fresh = fetched.items.filter((item) => !seen.has(item.id))
    for (const item of fresh) seen.add(item.id)
    items.push(...fresh.filter(keep))
    if (total !== undefined && fetched.total !== undefined && fetched.total < total)
      return stop('counts fewer than the last')
    total = fetched.total ?? total
    const end = endOf(fetched, fresh.length, seen.size, total)
    if (end === 'reached') return { isConclusive: true, items }
    if (end !== 'ahead') return stop(end)
    bytes += fetched.bytes ?? 0
    if (bytes > mostBytes) return stop(`makes it longer than ${mostBytes} bytes`)
    after = fetched.items.at(-1)?.id ?? null
    // It goes into the next query, and only ids may be sent back.
    if (after === null || !isRemoteId(after)) return stop('ends with something that is not an id')
  }
  return { isConclusive: false, items, reason: `more than ${mostPages} pages` }
}

/** Whether the end is reached, lies ahead, or why this page cannot be believed. */
function endOf(page: Page<unknown>, fresh: number, seen: number, total: number | undefined): string {
  if (page.hasMore === false) return 'reached'
  if (page.items.length > 0 && fresh === 0) return 'brings nothing new'
  if (page.hasMore === true) return page.items.length === 0 ? 'is empty but says that more follow' : 'ahead'
  if (total !== undefined && seen >= total) return 'reached'
  if (page.items.length > 0) return 'ahead'
  return total === undefined ? 'reached' : `is empty though ${total} were counted and ${seen} came`
}

async function settled<Value>(call: () => Promise<Value>, signal: AbortSignal): Promise<Value | Failure> {
  try {
    return await call()
  } catch (error) {
    const isOurs = error instanceof ProviderError && !signal.aborted
    if (!isOurs || error.failure.kind === 'unauthorised' || error.failure.kind === 'forbidden') throw error
    return error.failure
  }
}

/**
 * True where something was created at or after `since`, as far as is known: providers count in whole seconds, and what
 * has no date is kept.
 */
export function isCreatedSince(item: { readonly createdAt: Date | null }, since: Date): boolean {
  return item.createdAt === null || item.createdAt.getTime() + 1_000 > since.getTime()
}
