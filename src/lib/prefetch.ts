/**
 * The same items, each asked for while the one before is still worked on, so that reading and working overlap. One item
 * more is in memory. What reads must leave the memory of one item alone while it reads the next.
 */
export async function* prefetch<Item>(items: AsyncIterable<Item>): AsyncIterable<Item> {
  const iterator = items[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const result = await next
      if (result.done) return
      next = iterator.next()
      // It is thrown where it is awaited; until then it must not count as forgotten.
      next.catch(() => undefined)
      yield result.value
    }
  } finally {
    await iterator.return?.()
  }
}
