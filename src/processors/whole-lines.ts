import { damaged } from '../collect/download.ts'

const LINE_FEED = 0x0a

/**
 * Hands bytes of JSON lines through, and throws `ProviderError` where they end in the middle of a line: a body without
 * a declared length may be cut and still look complete.
 */
export async function* wholeLines(pieces: AsyncIterable<Uint8Array>, what: string): AsyncIterable<Uint8Array> {
  let tail: Uint8Array[] = []
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(LINE_FEED)
    if (end >= 0) tail = []
    // Copied, because the source may use its buffer again.
    if (end + 1 < piece.length) tail.push(Uint8Array.from(piece.subarray(end + 1)))
    yield piece
  }
  const last = Buffer.concat(tail).toString('utf8').trim()
  if (last !== '' && !isJson(last)) throw damaged(`${what} has a last line that is cut off`)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // Its not being JSON is the answer.
    return false
  }
}
