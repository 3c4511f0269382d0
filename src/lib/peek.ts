/** The beginning of a sequence, and the whole sequence as if nothing had been read. */
export interface Peeked<Item> {
  /** The items up to the first that was enough; all of them where none was. */
  readonly head: readonly Item[]
  /** True where the sequence ended before there was enough. */
  readonly isWhole: boolean
  /** To be read, or closed, once; closes the source. What was read ahead is let go of as it is handed on. */
  readonly all: AsyncIterable<Item>
}

/** Reads items ahead until one is enough, without losing them. `keep` makes what is kept of an item. @default itself */
export async function peek<Item>(
  items: AsyncIterable<Item>,
  isEnough: (item: Item) => boolean,
  keep: (item: Item) => Item = (item) => item,
): Promise<Peeked<Item>> {
  const iterator = items[Symbol.asyncIterator]()
  const head: Item[] = []
  for (;;) {
    const next = await iterator.next()
    if (next.done) return { head, isWhole: true, all: resume([...head], iterator) }
    head.push(keep(next.value))
    if (isEnough(next.value)) return { head, isWhole: false, all: resume([...head], iterator) }
  }
}

/** Reads at least so many bytes of a stream ahead; fewer only where it ends before. */
export async function peekBytes(
  pieces: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  let length = 0
  const isEnough = (piece: Uint8Array): boolean => {
    length += piece.length
    return length >= bytes
  }
  // Copied, because a source may use its buffer again for the next piece.
  const { all, head } = await peek(pieces, isEnough, (piece) => Buffer.from(piece))
  return { head: Buffer.concat(head), all }
}

async function* resume<Item>(head: Item[], rest: AsyncIterator<Item>): AsyncIterable<Item> {
  try {
    for (let item = head.shift(); item !== undefined; item = head.shift()) yield item
    for (;;) {
      const next = await rest.next()
      if (next.done) return
      yield next.value
    }
  } finally {
    await rest.return?.()
  }
}
