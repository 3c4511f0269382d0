/** Longer texts are shown as they are. */
const MOST_CHARACTERS = 300_000

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g

/** JSON with a line for each member. Its parts stay as they were written: no number is read and written again. */
export function laidOutJson(text: string): string {
  if (text.length > MOST_CHARACTERS) return text
  let depth = 0
  let laid = ''
  let before = ''
  const newLine = (): string => `\n${'  '.repeat(Math.min(depth, 40))}`
  for (const [token] of text.matchAll(TOKENS)) {
    const isEnd = token === '}' || token === ']'
    if (isEnd) depth -= 1
    const isFirst = before === '{' || before === '['
    if (isFirst && !isEnd) laid += newLine()
    else if (isEnd && !isFirst) laid += newLine()
    else if (before === ',') laid += newLine()
    laid += token === ':' ? ': ' : token
    if (token === '{' || token === '[') depth += 1
    before = token
  }
  return laid
}
