import { hash, timingSafeEqual } from 'node:crypto'

/** Compares a text with a secret in the same time for every text. */
export function isSameText(shown: string, secret: string): boolean {
  return timingSafeEqual(hash('sha256', shown, 'buffer'), hash('sha256', secret, 'buffer'))
}
