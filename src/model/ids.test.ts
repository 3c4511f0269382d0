import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nonceFrom, ordinalOf, runIdFrom, WIRE_ID_LENGTH, wireId, wirePrefix } from './ids.ts'

const nonces = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(nonceFrom)
const ordinals = fc.integer({ min: 0, max: 36 ** 7 - 1 })

describe('wire ids', () => {
  it('carry the ordinal back, have one length, and are valid at every provider', () => {
    fc.assert(
      fc.property(nonces, ordinals, (nonce, ordinal) => {
        const prefix = wirePrefix(nonce)
        const id = wireId(prefix, ordinal)
        expect(id).toMatch(/^[a-z][a-z0-9]{15}$/)
        expect(id).toHaveLength(WIRE_ID_LENGTH)
        expect(ordinalOf(id, prefix)).toBe(ordinal)
      }),
    )
  })

  it('differ from attempt to attempt', () => {
    const one = wirePrefix(nonceFrom(new Uint8Array(16).fill(1)))
    const other = wirePrefix(nonceFrom(new Uint8Array(16).fill(2)))
    expect(one).not.toBe(other)
    expect(ordinalOf(wireId(one, 5), other)).toBeUndefined()
  })

  it.each([-1, 0.5, 36 ** 7, Number.NaN])('refuse the ordinal %d, which does not fit', (ordinal) => {
    expect(() => wireId('b00000000', ordinal)).toThrow(RangeError)
  })

  it.each(['', 'b00000000', 'b0000000000000', 'b000000000000-01', 'b00000000 000001', 'B000000000000001'])(
    'do not take %j for one of ours',
    (id) => {
      expect(ordinalOf(id, 'b00000000')).toBeUndefined()
    },
  )
})

describe('runIdFrom', () => {
  it('joins four characters and the day in UTC', () => {
    expect(runIdFrom(new Uint8Array([0, 9, 10, 35, 99]), new Date('2026-11-22T23:59:59Z'))).toBe('09az-2026-11-22')
  })
})
