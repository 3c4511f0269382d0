/** Bytes of UTF-8 per token, roughly, for English prose; other scripts and code have more tokens per byte or fewer. */
const BYTES_PER_TOKEN = 4

/**
 * Input tokens of a request, roughly: a quarter of its body's bytes. English prose is met within a fifth; JSON syntax
 * counts as text. Good enough to show an order of magnitude, and the one place to put a real tokenizer.
 */
export function estimateTokens(bodyBytes: number): number {
  return Math.ceil(bodyBytes / BYTES_PER_TOKEN)
}
