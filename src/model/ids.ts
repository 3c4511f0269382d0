/** Lengths of the parts of a wire id: `b`, eight characters of the nonce, seven of the ordinal, all base 36. */
const NONCE_CHARACTERS = 8
const ORDINAL_CHARACTERS = 7

/** Every wire id has this many characters, so that a retry can splice a new one into a frozen line. */
export const WIRE_ID_LENGTH = 1 + NONCE_CHARACTERS + ORDINAL_CHARACTERS

/** The part of a wire id that is the same for all requests of an attempt. */
export const WIRE_PREFIX_LENGTH = 1 + NONCE_CHARACTERS

/** The highest request ordinal that fits a wire id: 36^7 - 1. */
const HIGHEST_ORDINAL = 36 ** ORDINAL_CHARACTERS - 1

/**
 * A nonce from 16 random bytes (128 bits), in base 36, 25 characters. Its first eight characters begin every
 * wire id of the attempt and so prove whose result a line is.
 */
export function nonceFrom(bytes: Uint8Array): string {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value.toString(36).padStart(25, '0')
}

/** True for text that may be a nonce of ours: what comes from outside becomes a file name only after this. */
export function isNonce(text: string): boolean {
  return /^[0-9a-z]{25}$/.test(text)
}

/** What every wire id of the attempt with this nonce begins with. */
export function wirePrefix(nonce: string): string {
  // The slow-changing head of the number is skipped: its first character takes only a few values.
  return `b${nonce.slice(1, 1 + NONCE_CHARACTERS)}`
}

/** The `custom_id` sent for a request in an attempt; matches `[a-z][a-z0-9]{15}`, valid at every provider. */
export function wireId(prefix: string, ordinal: number): string {
  if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal > HIGHEST_ORDINAL) {
    throw new RangeError(`request ordinal ${ordinal} does not fit a wire id`)
  }
  return prefix + ordinal.toString(36).padStart(ORDINAL_CHARACTERS, '0')
}

/**
 * The ordinal that a wire id of this attempt carries, or undefined when the id is not one of this attempt:
 * another prefix, another length, other characters.
 */
export function ordinalOf(id: string, prefix: string): number | undefined {
  if (id.length !== WIRE_ID_LENGTH || !id.startsWith(prefix)) return undefined
  const digits = id.slice(prefix.length)
  return /^[0-9a-z]+$/.test(digits) ? Number.parseInt(digits, 36) : undefined
}

/** True for what `runIdFrom` may have made. */
export function isRunId(text: string): boolean {
  return /^[0-9a-z]{4}-\d{4}-\d\d-\d\d$/.test(text)
}

/** A run id such as `k3f9-2026-11-22`: four random characters, then the day it was made in UTC. */
export function runIdFrom(bytes: Uint8Array, now: Date): string {
  const characters = [...bytes.subarray(0, 4)].map((byte) => (byte % 36).toString(36)).join('')
  return `${characters}-${now.toISOString().slice(0, 10)}`
}
