import { z } from 'zod'
import type { Api } from '../api.ts'
import { isCreatedSince, readPages } from '../listing.ts'
import type { BatchPlace } from '../openai-shape/remote-batch.ts'
import { fileSchema } from '../openai-shape/remote-file.ts'
import type { Provider } from '../provider.ts'

/** The smallest page that such APIs have; a list with fewer entries is not the first page of a longer one. */
const SMALLEST_PAGE = 20

/** An entry of a list. */
interface Entry {
  readonly id: string
  readonly createdAt: Date | null
}

/**
 * The verbs that list, for a host whose lists have no pages. Such a list may be cut all the same, so it counts as all there
 * is only where it is shorter than any page, or goes back, newest first, beyond the instant that is asked for.
 */
export function readUnpaged(api: Api, place: BatchPlace) {
  const files = fileSchema.transform(({ file }) => file)
  const listed = async <Item extends Entry>(path: string, item: z.ZodType<Item>, since: Date, signal: AbortSignal) => {
    const bare = listSchema(item)
    let isWhole = true
    const { items, ...end } = await readPages(
      async () => {
        const { bytes, value } = await api.readSized({ path }, bare, signal)
        isWhole = value.length < SMALLEST_PAGE || reachesBeyond(value, since)
        return { items: value, hasMore: false, bytes }
      },
      (one) => isCreatedSince(one, since),
      signal,
    )
    if (!end.isConclusive || isWhole) return { items, ...end }
    return { items, isConclusive: false as const, reason: 'the list has no pages and may be cut' }
  }
  return {
    list: async (since, signal) => {
      const { items, ...end } = await listed(place.root, place.schema, since, signal)
      return { ...end, batches: items }
    },
    greet: (signal) => api.readSized({ path: place.root }, listSchema(place.schema), signal),
    listFiles: async (since, signal) => {
      const { items, ...end } = await listed('/files', files, since, signal)
      return { ...end, files: items }
    },
  } as const satisfies Partial<Provider>
}

/** A list that says that more follows is not of this kind. */
function listSchema<Item>(item: z.ZodType<Item>): z.ZodType<Item[]> {
  const wrapped = z.object({ data: z.array(item), has_more: z.literal(false).nullish() })
  return z.union([z.array(item), wrapped.transform(({ data }) => data)])
}

/** True for a list in order, newest first, whose end lies before that instant. */
function reachesBeyond(entries: readonly Entry[], since: Date): boolean {
  const times = entries.map(({ createdAt }) => createdAt?.getTime() ?? Number.NaN)
  const isOrdered = times.every((time, index) => index === 0 || time <= (times[index - 1] ?? Number.NaN))
  return isOrdered && (times.at(-1) ?? Number.NaN) < since.getTime()
}
