import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BufferedHash } from './buffered-hash.ts'

describe('BufferedHash', () => {
  it.each([
    ['nothing', []],
    ['short pieces', ['a', '', 'é\n', '😀']],
    ['more than it gathers', Array.from({ length: 5_000 }, (_, index) => `line ${index} – with é and 😀\n`)],
    ['a piece longer than it gathers', ['x', 'y'.repeat(200_000), 'z']],
  ])('hashes %s as one, texts and bytes alike', (_, texts) => {
    const ofTexts = new BufferedHash()
    const ofBytes = new BufferedHash()
    const mixed = new BufferedHash()
    for (const [index, text] of texts.entries()) {
      ofTexts.updateText(text)
      ofBytes.updateBytes(Buffer.from(text))
      if (index % 2 === 0) mixed.updateText(text)
      else mixed.updateBytes(Buffer.from(text))
    }
    const whole = createHash('sha256').update(texts.join('')).digest('hex')
    expect([ofTexts.digest(), ofBytes.digest(), mixed.digest()]).toEqual([whole, whole, whole])
  })
})
