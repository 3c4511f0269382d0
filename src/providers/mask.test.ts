import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { maskedBytes } from './mask.ts'

const SECRET = 'sk-sk-secret-0123'

async function masked(pieces: readonly Buffer[]): Promise<string> {
  const given = (async function* () {
    yield* pieces
  })()
  const parts: Uint8Array[] = []
  for await (const part of maskedBytes(given, [SECRET])) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

it('bytes have every secret masked, wherever they are cut, and all else as it was', async () => {
  const text = fc.array(fc.constantFrom('sk-', SECRET, 'sécret', SECRET.slice(0, 9), ' '), { maxLength: 9 })
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(60), { maxLength: 6 }), async (words, cuts) => {
      const whole = words.join('')
      const bytes = Buffer.from(whole, 'utf8')
      const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
      const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
      expect(await masked(pieces)).toBe(whole.replaceAll(SECRET, '***'))
    }),
  )
})
