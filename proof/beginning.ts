/** Longer than the shortest beginning that Anthropic's cache keeps, of 4,096 tokens at about four characters each. */
const SENTENCES = 340

/** The long beginning that a row shares with others, by its nonce: the same row always has the same one. */
export function beginningOf(nonce: string, beginnings: number): string {
  const number = Number(/\d+$/.exec(nonce)?.[0] ?? 0) % beginnings
  return `Handbook ${number}. ${'What stands here is always the same, word for word. '.repeat(SENTENCES)}`
}
