import { hash } from 'node:crypto'

/** Hexadecimal digits that depend on these words and on nothing else. */
export function digestOf(...words: readonly (string | number)[]): string {
  return hash('sha256', words.join('/'))
}

/** The first 32 hexadecimal digits of a digest in the shape of a UUID. */
export function uuidFrom(digest: string): string {
  const parts = [digest.slice(0, 8), digest.slice(8, 12), digest.slice(12, 16), digest.slice(16, 20)]
  return [...parts, digest.slice(20, 32)].join('-')
}
