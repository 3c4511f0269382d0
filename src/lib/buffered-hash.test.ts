import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BufferedHash } from './buffered-hash.ts'

describe('BufferedHash', () => {
  it.each([
    ['nothing', []],
    ['short pieces', ['a', '', 'ÿ\n', '17 ']],
    ['more than it gathers', Array.from({ length: 5_000 }, (_, index) => `line ${index} with é and \u0000\n`)],
  ])('hashes %s as one, among texts of any characters', (_, texts) => {
    const hash = new BufferedHash()
    const whole = createHash('sha256')
    for (const [index, text] of texts.entries()) {
      hash.updateBytes(text)
      whole.update(text, 'latin1')
      if (index % 100 > 0) continue
      hash.updateText('– 😀')
      whole.update('– 😀')
    }
    expect(hash.digest()).toBe(whole.digest('hex'))
  })
})
