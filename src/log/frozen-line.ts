import { LlmBatchError } from '../model/error.ts'
import { WIRE_ID_LENGTH } from '../model/ids.ts'
import type { Target } from '../model/target.ts'

/** One request as it is frozen, or as it goes over the wire. */
export interface FrozenRequest {
  readonly wireId: string
  readonly target: Target
  /** The body as JSON text; becomes part of the line byte for byte. */
  readonly body: string
}

/** Ends a frozen line, after the body. */
export const LINE_TAIL = '}'

/** Stands before the wire id in every frozen line. */
const HEAD = '{"custom_id":"'
/** Stands before the body. An endpoint is JSON text, so its quotes are escaped and it cannot hold this. */
const BODY = Buffer.from('","body":').subarray(1)
/** Where the body can begin at the earliest. */
const AFTER_ID = HEAD.length + WIRE_ID_LENGTH

/**
 * A request as a line of a run's own files, without line feed. The format is ours and the same for every provider: wire
 * id, address, body, in this order and without spaces, so that every part is found by its position. It is chosen to be
 * what most batch APIs take, so that they are sent the file as it is; the adapters of the others make their wire of it
 * (`Provider.encodeInput`).
 */
export function frozenLine({ body, ...address }: FrozenRequest): string {
  return `${lineHead(address)}${body}${LINE_TAIL}`
}

/** Everything of a frozen line that stands before its body. */
export function lineHead({ target, wireId }: Pick<FrozenRequest, 'target' | 'wireId'>): string {
  return `${HEAD}${wireId}","method":"POST","url":${JSON.stringify(target.endpoint)},"body":`
}

/** Bytes of a frozen line besides its body: all wire ids have one length. */
export function frozenOverheadBytes(target: Target): number {
  return Buffer.byteLength(frozenLine({ wireId: 'b'.repeat(WIRE_ID_LENGTH), target, body: '' }))
}

/** The wire id of a frozen line. */
export function idOf(line: Uint8Array): string {
  return bufferOf(line).toString('latin1', HEAD.length, AFTER_ID)
}

/** The body of a frozen line, byte for byte. Throws `LlmBatchError` for a line that is damaged. */
export function bodyOf(line: Uint8Array): string {
  return bufferOf(line).toString('utf8', bodyStart(line), line.length - 1)
}

/** The body of a frozen line, parsed. Throws as `bodyOf` does. */
export function parsedBodyOf(line: Uint8Array): Readonly<Record<string, unknown>> {
  return JSON.parse(bodyOf(line)) as Readonly<Record<string, unknown>>
}

/** What is the same in every attempt: how the request is addressed, and its body. For hashing. */
export function contentOf(line: Uint8Array): Uint8Array {
  return line.subarray(AFTER_ID)
}

/**
 * The same line with another wire id, or another prefix of it: both texts have the same length, so every offset stays
 * what it was. Throws where the line carries another id than told.
 */
export function withId(line: Uint8Array, from: string, to: string): Uint8Array {
  const isThere = from.length === to.length && from.length <= WIRE_ID_LENGTH && idOf(line).startsWith(from)
  if (!isThere) throw new Error(`a frozen line does not carry the wire id ${from}`)
  const bytes = Buffer.from(line)
  bytes.write(to, HEAD.length, 'latin1')
  return bytes
}

function bodyStart(line: Uint8Array): number {
  const at = bufferOf(line).indexOf(BODY, AFTER_ID)
  if (at < 0) throw new LlmBatchError('disk', 'a frozen line is damaged: it has no body')
  return at + BODY.length
}

function bufferOf(line: Uint8Array): Buffer {
  return Buffer.isBuffer(line) ? line : Buffer.from(line.buffer, line.byteOffset, line.length)
}
