import stringWidth from 'fast-string-width'

/** Cells that a text takes in a terminal, colours not counted; an emoji of several characters counts as one. */
export function displayWidth(text: string): number {
  // Most texts are so, and looking for what is wide takes much longer than telling that.
  return PLAIN.test(text) ? text.length : stringWidth(text.normalize().replace(UNSEEN, ''))
}

/** Text of which each character takes one cell. */
const PLAIN = /^[ -~]*$/

/** Characters that take no cell, each of which the library counts as one. */
const UNSEEN = /[\u00ad\u200b\u2060-\u2064\ufeff]/g

/** Cuts a text into what a reader takes for one character; made when first needed, which takes longer than all else here. */
let characters: Intl.Segmenter | undefined

/** The text, cut with `…` where it takes more cells, never within what is read as one character; for text without colours. */
export function fitted(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text
  let taken = 0
  let result = ''
  characters ??= new Intl.Segmenter()
  for (const { segment } of characters.segment(text)) {
    taken += displayWidth(segment)
    if (taken > cells - 1) break
    result += segment
  }
  return cells > 0 ? `${result}…` : ''
}

/**
 * Pieces joined into lines of at most this many cells, broken only between pieces; lines after the first begin with
 * the indent. A piece longer than a line is cut.
 */
export function wrapped(pieces: readonly string[], cells: number, joint = ' ', indent = ''): readonly string[] {
  const most = cells - displayWidth(indent) - displayWidth(joint.trimEnd())
  const lines: string[] = []
  let line = ''
  for (const given of pieces) {
    const piece = fitted(given, most)
    const longer = line === '' ? piece : line + joint + piece
    if (displayWidth(longer + joint.trimEnd()) <= cells || line === '') {
      line = longer
      continue
    }
    lines.push(line + joint.trimEnd())
    line = indent + piece
  }
  return line === '' ? lines : [...lines, line]
}
