import { describe, expect, it } from 'vitest'
import { unanswered } from '../model/failure.ts'
import { isCreatedSince, type Page, readPages } from './listing.ts'
import { type FailureKind, ProviderError } from './provider.ts'

type Item = { readonly id: string }
const items = (...ids: string[]): Item[] => ids.map((id) => ({ id }))

/** Reads these pages in order; after the last one it fails, so that reading on is seen. */
function read(...pages: (Page<Item> | FailureKind)[]) {
  return readPages<Item>(
    async ({ page }) => {
      const found = pages[page] ?? 'server'
      if (typeof found === 'string') throw new ProviderError(unanswered(found, `made to fail (${found})`))
      return found
    },
    () => true,
    new AbortController().signal,
  )
}

describe('a listing', () => {
  it.each<[string, Page<Item>[], string]>([
    ['one last page', [{ items: items('a', 'b'), hasMore: false }], 'a b'],
    ['nothing at all', [{ items: [], hasMore: false }], ''],
    [
      'several pages',
      [
        { items: items('a'), hasMore: true },
        { items: items('b'), hasMore: false },
      ],
      'a b',
    ],
    [
      'pages that overlap',
      [
        { items: items('a', 'b'), hasMore: true },
        { items: items('b', 'c'), hasMore: false },
      ],
      'a b c',
    ],
    [
      'an empty last page',
      [
        { items: items('a'), hasMore: true },
        { items: [], hasMore: false },
      ],
      'a',
    ],
    [
      'a total that is reached',
      [
        { items: items('a'), total: 2 },
        { items: items('b'), total: 2 },
      ],
      'a b',
    ],
    [
      'a total that grows meanwhile',
      [
        { items: items('a'), total: 2 },
        { items: items('b'), total: 3 },
        { items: items('c'), total: 3 },
      ],
      'a b c',
    ],
    ['no word of the end but an empty page', [{ items: items('a') }, { items: items('b') }, { items: [] }], 'a b'],
  ])('is conclusive with %s', async (_, pages, expected) => {
    const listing = await read(...pages)
    expect(listing.isConclusive).toBe(true)
    expect(listing.items.map(({ id }) => id).join(' ')).toBe(expected)
  })

  it.each<[string, (Page<Item> | FailureKind)[], RegExp]>([
    [
      'a cursor that does not advance',
      [
        { items: items('a'), hasMore: true },
        { items: items('a'), hasMore: true },
      ],
      /page 2 brings nothing new/,
    ],
    [
      'an empty page that says more follows',
      [
        { items: items('a'), hasMore: true },
        { items: [], hasMore: true },
      ],
      /page 2 is empty but/,
    ],
    [
      'a server that knows no pages and says so neither',
      [{ items: items('a') }, { items: items('a') }],
      /page 2 brings nothing new/,
    ],
    [
      'fewer than the total',
      [
        { items: items('a'), total: 2 },
        { items: [], total: 2 },
      ],
      /though 2 were counted and 1 came/,
    ],
    [
      'a total that shrinks',
      [
        { items: items('a'), total: 3 },
        { items: items('b'), total: 2 },
      ],
      /page 2 counts fewer/,
    ],
    ['a page that fails', [{ items: items('a'), hasMore: true }, 'shape'], /page 2 failed: made to fail/],
    ['a page that is throttled', ['throttled'], /page 1 failed/],
    ['a cursor that is no id', [{ items: items('../a'), hasMore: true }], /not an id/],
  ])('is not conclusive with %s', async (_, pages, reason) => {
    const listing = await read(...pages)
    expect(listing).toMatchObject({ isConclusive: false, reason: expect.stringMatching(reason) })
  })

  it('ends as not conclusive after a bound of pages, or of bytes', async () => {
    const endless = async ({ page }: { readonly page: number }): Promise<Page<Item>> => ({
      items: items(`batch-${page}`),
      hasMore: true,
      bytes: 1_000_000,
    })
    const signal = new AbortController().signal
    const isKept = (): boolean => true
    const byPages = await readPages(endless, isKept, signal, { bytes: Number.POSITIVE_INFINITY })
    expect(byPages).toMatchObject({ isConclusive: false, reason: 'more than 10000 pages' })
    const byBytes = await readPages(endless, isKept, signal)
    expect(byBytes).toMatchObject({
      isConclusive: false,
      reason: 'page 1074 makes it longer than 1073741824 bytes',
    })
  })

  it('keeps what it found where it is not conclusive, because presence is proof', async () => {
    expect(await read({ items: items('a'), hasMore: true }, 'server')).toMatchObject({ items: [{ id: 'a' }] })
  })

  it.each<FailureKind>(['unauthorised', 'forbidden'])('throws where a page is %s', async (kind) => {
    await expect(read({ items: items('a'), hasMore: true }, kind)).rejects.toMatchObject({ failure: { kind } })
  })

  it('asks for each page after the last id of the one before', async () => {
    const asked: (string | null)[] = []
    const pages = [items('a', 'b'), items('c'), items()]
    await readPages(
      async ({ after, page }) => {
        asked.push(after)
        return { items: pages[page] ?? [], hasMore: page < 2 }
      },
      () => true,
      new AbortController().signal,
    )
    expect(asked).toEqual([null, 'b', 'c'])
  })
})

describe('isCreatedSince', () => {
  const since = new Date('2026-11-23T12:00:00.500Z')

  it.each([
    ['2026-11-23T11:59:58Z', false],
    // Created at 12:00:00.9 perhaps: providers drop the fraction.
    ['2026-11-23T12:00:00Z', true],
    ['2026-11-23T12:00:01Z', true],
  ])('says of %s that it is %s', (created, expected) => {
    expect(isCreatedSince({ createdAt: new Date(created) }, since)).toBe(expected)
  })

  it('keeps what has no date', () => {
    expect(isCreatedSince({ createdAt: null }, since)).toBe(true)
  })
})
