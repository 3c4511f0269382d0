import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { TextHash } from './text-hash.ts'

describe('TextHash', () => {
  it.each([
    ['nothing', []],
    ['short texts', ['a', '', 'é\n', '😀']],
    ['more than one piece', Array.from({ length: 5_000 }, (_, index) => `line ${index} – with é and 😀\n`)],
    ['a text longer than a piece', ['x'.repeat(200_000), 'y']],
  ])('hashes %s as one text', (_, texts) => {
    const hash = new TextHash()
    for (const text of texts) hash.update(text)
    expect(hash.digest()).toBe(createHash('sha256').update(texts.join('')).digest('hex'))
  })
})
