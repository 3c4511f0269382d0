import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { DigestTable } from './digest-table.ts'

const digest = (text: string): string => hash('sha256', text, 'binary').slice(0, 16)

describe('a table of digests', () => {
  it('keeps a number for each of many digests while it grows', () => {
    const table = new DigestTable()
    for (let at = 0; at < 20_000; at += 1) table.set(digest(`row ${at}`), at)
    expect(table.size).toBe(20_000)
    const wrong = Array.from({ length: 20_000 }, (_, at) => at).filter((at) => table.get(digest(`row ${at}`)) !== at)
    expect(wrong).toEqual([])
    expect(table.get(digest('row 20000'))).toBeUndefined()
  })

  it('replaces the number of a digest, and keeps the least and the greatest', () => {
    const table = new DigestTable()
    table.set(digest('a'), 7)
    table.set(digest('a'), 2 ** 32 - 2)
    table.set(digest('b'), 0)
    expect([table.size, table.get(digest('a')), table.get(digest('b'))]).toEqual([2, 2 ** 32 - 2, 0])
  })

  it('tells digests apart that differ in their last byte only, although they want the same place', () => {
    const table = new DigestTable()
    const head = '\u00ff'.repeat(15)
    for (let last = 0; last < 256; last += 1) table.set(head + String.fromCharCode(last), last)
    expect(Array.from({ length: 256 }, (_, last) => table.get(head + String.fromCharCode(last)))).toEqual(
      Array.from({ length: 256 }, (_, last) => last),
    )
  })
})
