import { stripVTControlCharacters } from 'node:util'

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const INVISIBLE = /\p{M}|\p{Cf}/u

/**
 * Cells that a text takes in a terminal, colours not counted. May say too much for joined emoji, never too little, so
 * that what was measured does not wrap.
 */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of stripVTControlCharacters(text)) width += characterWidth(character)
  return width
}

/** The text, cut with `…` where it takes more cells; for text without colours. */
export function fitted(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text
  let taken = 0
  let result = ''
  for (const character of text) {
    taken += characterWidth(character)
    if (taken > cells - 1) break
    result += character
  }
  return cells > 0 ? `${result}…` : ''
}

/**
 * Pieces joined into lines of at most this many cells, broken only between pieces; lines after the first begin with
 * the indent. A piece longer than a line is cut.
 */
export function wrapped(pieces: readonly string[], cells: number, joint = ' ', indent = ''): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const given of pieces) {
    const piece = displayWidth(given) > cells ? fitted(given, cells - displayWidth(indent)) : given
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

function characterWidth(character: string): number {
  if (INVISIBLE.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}
