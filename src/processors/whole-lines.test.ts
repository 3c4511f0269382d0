import { describe, expect, it } from 'vitest'
import { wholeLines } from './whole-lines.ts'

async function* inPieces(text: string, pieceBytes: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text)
  // One buffer for all pieces, as a source may do.
  const buffer = new Uint8Array(pieceBytes)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    buffer.set(piece)
    yield buffer.subarray(0, piece.length)
  }
}

async function through(text: string, pieceBytes: number): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of wholeLines(inPieces(text, pieceBytes), 'file x')) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}

describe('lines on their way through', () => {
  it.each([
    ['ended by a line feed', '{"a":"ü"}\n{"b":1}\n'],
    ['not ended', '{"a":1}\n{"b":"🎉"}'],
    ['ended by blank lines', '{"a":1}\n\n  \n'],
    ['none', ''],
    ['broken, but not at the end', '{"a":\n{"b":1}\n'],
  ])('stay as they are: %s', async (_, text) => {
    for (const pieceBytes of [1, 3, 1_000]) expect(await through(text, pieceBytes)).toBe(text)
  })

  it('are refused where the last one is cut, wherever the pieces end', async () => {
    for (const pieceBytes of [1, 3, 1_000]) {
      await expect(through('{"a":1}\n{"b":"cut', pieceBytes)).rejects.toThrow('file x has a last line that is cut off')
    }
  })
})
