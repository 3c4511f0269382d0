/** The beginning of a stream, and the whole stream as if nothing had been read. */
export interface Peeked {
  /** At least the bytes asked for; fewer only where the stream ends before. */
  readonly head: Uint8Array
  readonly all: AsyncIterable<Uint8Array>
}

/** Reads the first bytes of a stream without losing them. `all` must be read, or closed, once. */
export async function peek(pieces: AsyncIterable<Uint8Array>, bytes: number): Promise<Peeked> {
  const iterator = pieces[Symbol.asyncIterator]()
  const read: Uint8Array[] = []
  let length = 0
  while (length < bytes) {
    const next = await iterator.next()
    if (next.done) break
    // Copied, because a source may use its buffer again for the next piece.
    read.push(Buffer.from(next.value))
    length += next.value.length
  }
  const head = Buffer.concat(read)
  return { head, all: resume(head, iterator) }
}

async function* resume(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    if (head.length > 0) yield head
    for (;;) {
      const next = await rest.next()
      if (next.done) return
      yield next.value
    }
  } finally {
    await rest.return?.()
  }
}
