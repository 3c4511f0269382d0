import { hash } from 'node:crypto'
import type { Target } from '../model/target.ts'
import { targetKey } from '../model/target.ts'

/** A target and a body are encoded into one piece of memory; longer ones get their own. */
const SCRATCH_BYTES = 64 * 1_024

/**
 * Tells requests apart by what is sent: the same target and the same bytes of the body have the same identity, whatever
 * the row, the run or the wire id. Never by likeness: another order of fields is another request.
 */
export class Identities {
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  /** The target told last, whose key stands at the beginning of the scratch. */
  #target: Target | undefined
  #key = ''
  #keyBytes = 0

  /** The identity of a request, a SHA-256 as a text of 32 characters up to U+00FF; `body` is its JSON text. */
  of(target: Target, body: string): string {
    if (this.#target !== target) this.#begin(target)
    // A UTF-16 unit takes at most three bytes in UTF-8.
    if (this.#keyBytes + body.length * 3 > SCRATCH_BYTES) return hash('sha256', this.#key + body, 'binary')
    const length = this.#keyBytes + this.#scratch.write(body, this.#keyBytes)
    return hash('sha256', this.#scratch.subarray(0, length), 'binary')
  }

  #begin(target: Target): void {
    this.#target = target
    this.#key = `${targetKey(target)} `
    this.#keyBytes = this.#scratch.write(this.#key)
  }
}
