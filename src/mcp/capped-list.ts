/** Part of the bytes of an answer that one text may take, so that a row always fits. */
const SHARE = 0.5

/** A text, or its beginning with its whole length where it is too long. */
export type CutText = string | { readonly beginning: string; readonly characters: number }

/** The text where it takes less than its share of an answer, else its beginning. */
export function cutText(text: string, maxBytes: number): CutText {
  const most = Math.floor(maxBytes * SHARE)
  if (jsonBytes(text) <= most) return text
  // Characters of several bytes, and such as are escaped, take up to six.
  let beginning = text.slice(0, most)
  while (jsonBytes(beginning) > most) beginning = beginning.slice(0, Math.floor(beginning.length / 2))
  return { beginning, characters: text.length }
}

/** Items whose JSON takes no more than so many bytes together. */
export class CappedList<Item> {
  readonly items: Item[] = []
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Adds an item where there is room; false where there is none. The first one always has room. */
  add(item: Item): boolean {
    const bytes = jsonBytes(item)
    if (this.items.length > 0 && this.#bytes + bytes > this.#maxBytes) return false
    this.items.push(item)
    this.#bytes += bytes
    return true
  }
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}
