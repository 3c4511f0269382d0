/** What reorders text or is not seen: control characters but tab and line feed, marks of direction, tags, empty spaces. */
const UNSEEN =
  /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|[\u{e0000}-\u{e007f}]|(?![\t\n])\p{Cc}/gu

/** A piece of a text: as it stands, or a mark written out. */
interface Piece {
  readonly text: string
  readonly isMark: boolean
}

/** Cuts a text of others where something in it cannot be seen; nothing is lost. */
function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const { 0: mark, index } of text.matchAll(UNSEEN)) {
    if (index > end) pieces.push({ text: text.slice(end, index), isMark: false })
    const code = (mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')
    pieces.push({ text: mark.length > 1 ? `\\u{${code}}` : `\\u${code}`, isMark: true })
    end = index + mark.length
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isMark: false })
  return pieces
}

/**
 * Text of a model, a provider or a user, as text nodes: nothing in it is markup, nothing reorders what is around it, and
 * what could not be seen is written out.
 */
export function Said({ text }: { readonly text: string }) {
  const pieces = piecesOf(text)
  return (
    <bdi class="said">
      {pieces.map(({ isMark, text: part }, place) =>
        isMark ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name
          <span key={place} class="mark" title="a character that cannot be seen">
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </bdi>
  )
}
