import { describe, expect, it } from 'vitest'
import { peek, peekBytes } from './peek.ts'

async function* numbers(count: number, onClose: () => void): AsyncIterable<number> {
  try {
    for (let number = 0; number < count; number += 1) yield number
  } finally {
    onClose()
  }
}

describe('reading ahead', () => {
  it.each([
    [10, [0, 1, 2, 3], false],
    [4, [0, 1, 2, 3], false],
    [2, [0, 1], true],
    [0, [], true],
  ])('of %i numbers up to three keeps %j and loses none', async (count, head, isWhole) => {
    const peeked = await peek(
      numbers(count, () => undefined),
      (number) => number === 3,
    )
    const all: number[] = []
    for await (const number of peeked.all) all.push(number)
    expect(peeked).toMatchObject({ head, isWhole })
    expect(all).toEqual(Array.from({ length: count }, (_, number) => number))
  })

  it('closes the source of a sequence that is left early', async () => {
    let isClosed = false
    const { all } = await peek(
      numbers(10, () => {
        isClosed = true
      }),
      (number) => number === 3,
    )
    for await (const number of all) if (number === 5) break
    expect(isClosed).toBe(true)
  })

  it('keeps bytes whose source uses its buffer again', async () => {
    const reused = Buffer.alloc(2)
    const pieces = async function* (): AsyncIterable<Uint8Array> {
      for (const text of ['ab', 'cd', 'ef']) {
        reused.write(text)
        yield reused
      }
    }
    const { all, head } = await peekBytes(pieces(), 3)
    expect(Buffer.from(head).toString()).toBe('abcd')
    let text = ''
    for await (const piece of all) text += Buffer.from(piece).toString()
    expect(text).toBe('abcdef')
  })
})
