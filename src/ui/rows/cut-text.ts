import type { CutText } from '../contract.ts'

/** A text, or its beginning of so many characters; none is cut in two. */
export function cutText(text: string, mostCharacters: number): CutText {
  if (text.length <= mostCharacters) return { text, isCut: false }
  const last = text.charCodeAt(mostCharacters - 1)
  const isHalf = last >= 0xd800 && last <= 0xdbff
  return { text: text.slice(0, isHalf ? mostCharacters - 1 : mostCharacters), isCut: true }
}

/** The same for a text that may be absent. */
export function cutOrNull(text: string | null, mostCharacters: number): CutText | null {
  return text === null ? null : cutText(text, mostCharacters)
}
