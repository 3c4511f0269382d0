import { splitLines } from '../lib/jsonl.ts'
import { bodyOf, frozenLine, idOf } from '../log/frozen-line.ts'
import { WIRE_ID_LENGTH } from '../model/ids.ts'
import type { BatchInput, FrozenInput, WireRequest } from './provider.ts'

/**
 * An input file of the provider's own lines, made of frozen ones while it is read. For an `encode` that puts the body
 * into a line byte for byte: then a line grows or shrinks by the same number of bytes whatever it asks, and the size of
 * the file is known before it is made.
 */
export function encodeLines(input: FrozenInput, encode: (request: WireRequest) => string): BatchInput {
  const { target } = input
  const sample = { wireId: 'b'.repeat(WIRE_ID_LENGTH), target, body: '{}' }
  const growth = Buffer.byteLength(encode(sample)) - Buffer.byteLength(frozenLine(sample))
  return {
    name: input.name,
    bytes: input.bytes + input.requests * growth,
    open: () => encoded(input, encode),
  }
}

/**
 * The same for an `encode` whose lines have whatever length the body comes to: the lines are read, and each encoded, once to
 * learn the size of the whole.
 */
export async function encodeMeasured(
  input: FrozenInput,
  encode: (request: WireRequest) => string,
): Promise<BatchInput> {
  let bytes = 0
  for await (const piece of encoded(input, encode)) bytes += piece.length
  return { name: input.name, bytes, open: () => encoded(input, encode) }
}

async function* encoded(input: FrozenInput, encode: (request: WireRequest) => string): AsyncIterable<Uint8Array> {
  for await (const lines of splitLines(input.open())) {
    const texts = lines.map(({ bytes }) => encode({ wireId: idOf(bytes), target: input.target, body: bodyOf(bytes) }))
    if (texts.length > 0) yield Buffer.from(`${texts.join('\n')}\n`)
  }
}
