import { describe, expect, it } from 'vitest'
import { dollars } from '../../../prices/dollars.ts'
import { bytes, counted, percent } from './quantity.ts'

describe('quantities for people', () => {
  it.each([
    [dollars(null), 'unknown'],
    [dollars(0), '$0.00'],
    [dollars(1234.5), '$1,234.50'],
    [dollars(0.01), '$0.01'],
    [dollars(0.001234), '$0.00123'],
    [dollars(0.0000001), 'under $0.000001'],
    [bytes(1), '1 byte'],
    [bytes(999), '999 bytes'],
    [bytes(1_500_000), '1.5 MB'],
    [bytes(2_340_000_000_000_000), '2,340 TB'],
    [percent(1, 0), '0%'],
    [percent(999, 1_000), '99%'],
    [counted(1, 'batch', 'batches'), '1 batch'],
    [counted(2_000, 'batch', 'batches'), '2,000 batches'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected)
  })
})
