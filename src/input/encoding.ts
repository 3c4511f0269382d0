import { isUtf8 } from 'node:buffer'
import { peekBytes } from '../lib/peek.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { ByteSource } from './reader.ts'

/** Bytes looked at to tell an encoding; enough to see the zero bytes of UTF-16 text. */
export const ENCODING_HEAD_BYTES = 512

/**
 * The encoding that the first bytes show: by a byte order mark, or by the zero bytes of UTF-16; otherwise UTF-8, which
 * is then read strictly, so that a wrong guess is an error and never wrong text.
 */
export function detectEncoding(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  const sample = head.subarray(0, ENCODING_HEAD_BYTES)
  const zeros = [0, 0]
  sample.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  })
  const [even = 0, odd = 0] = zeros
  // Prompts and column names are mostly ASCII, at least in their syntax: every second byte is then zero.
  if (odd > sample.length / 8 && even < odd / 4) return 'utf-16le'
  if (even > sample.length / 8 && odd < even / 4) return 'utf-16be'
  return 'utf-8'
}

/**
 * The canonical name of an encoding the user gave, such as `windows-1252` for `latin1`.
 * @throws LlmBatchError `usage` for an unknown name
 */
export function canonicalEncoding(label: string): string {
  try {
    return new TextDecoder(label).encoding
  } catch (error) {
    throw new LlmBatchError('usage', `unknown encoding "${label}"`, {
      next: 'Use a name such as utf-8, utf-16le, windows-1252 or shift_jis.',
      cause: error,
    })
  }
}

/**
 * Text of a byte stream, read strictly, without its byte order mark.
 * @throws LlmBatchError `input` at the first bytes that are not text in this encoding, naming the line
 */
export async function* decodeText(
  pieces: AsyncIterable<Uint8Array>,
  encoding: string,
  name: string,
): AsyncIterable<string> {
  const decode = decoderOf(encoding)
  let line = 1
  for await (const piece of pieces) {
    const text = decode(piece)
    if (text === undefined) throw notText(name, encoding, line + linesBeforeFault(piece, encoding))
    line += count(text, '\n')
    if (text !== '') yield text
  }
  if (decode() === undefined) throw notText(name, encoding, line)
}

/** The same text as UTF-8 bytes. */
async function* encodeUtf8(texts: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  for await (const text of texts) yield Buffer.from(text, 'utf8')
}

/** Gives undefined for what is not text. Without an argument the end is checked: a character must not be cut. */
function decoderOf(encoding: string): (bytes?: Uint8Array) => string | undefined {
  if (encoding === 'windows-1252') return (bytes) => (bytes ? decodeWindows1252(bytes) : '')
  const decoder = new TextDecoder(encoding, { fatal: true })
  return (bytes) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined })
    } catch {
      return undefined
    }
  }
}

/** The characters of windows-1252 from 0x80 to 0x9F; everywhere else it equals Latin-1 (WHATWG encoding standard). */
const WINDOWS_1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178'

/** Done here, because `TextDecoder` of Node 20 reads 0x80 to 0x9F as control characters, so that "€" is lost. */
function decodeWindows1252(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  return text.replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80] ?? character)
}

/** Whole lines of a piece before its first fault, where that can be told: in UTF-8. */
function linesBeforeFault(piece: Uint8Array, encoding: string): number {
  if (encoding !== 'utf-8') return 0
  let lines = 0
  for (let start = 0; ; lines += 1) {
    const end = piece.indexOf(0x0a, start)
    if (end < 0 || !isUtf8(piece.subarray(start, end))) return lines
    start = end + 1
  }
}

function notText(name: string, encoding: string, line: number): LlmBatchError {
  return new LlmBatchError('input', `${name} is not ${encoding} text at or after line ${line}`, {
    next: `Name its encoding, for example ${mention('encoding', 'windows-1252')}, or save it as UTF-8.`,
  })
}

function count(text: string, character: string): number {
  let found = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found += 1
  return found
}

/** The bytes of a text as UTF-8: it passes through, to be checked line by line; anything else is decoded strictly. */
export async function utf8Bytes(source: ByteSource, given: string | undefined): Promise<AsyncIterable<Uint8Array>> {
  const { head, all } = await peekBytes(source.open(), ENCODING_HEAD_BYTES)
  const encoding = given === undefined ? detectEncoding(head) : canonicalEncoding(given)
  return encoding === 'utf-8' ? all : encodeUtf8(decodeText(all, encoding, source.name))
}
