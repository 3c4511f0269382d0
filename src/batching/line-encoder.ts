import { LINE_TAIL, lineHead } from '../log/frozen-line.ts'
import { wireId } from '../model/ids.ts'
import type { Target } from '../model/target.ts'

/** Lines are encoded into one piece of memory; only those that may be longer get their own. */
const SCRATCH_BYTES = 64 * 1_024

/** Makes frozen lines. */
export class LineEncoder {
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

  /** A request's line under a prefix of wire ids, without line feed; its bytes are valid until the next one is made. */
  lineOf(
    { body, ordinal, target }: { readonly body: string; readonly ordinal: number; readonly target: Target },
    prefix: string,
  ): Buffer {
    const head = lineHead({ wireId: wireId(prefix, ordinal), target })
    // A UTF-16 unit takes at most three bytes in UTF-8.
    if ((head.length + body.length + LINE_TAIL.length) * 3 > SCRATCH_BYTES) return Buffer.from(head + body + LINE_TAIL)
    // In parts: joined, each text would be copied once more.
    let length = this.#scratch.write(head)
    length += this.#scratch.write(body, length)
    length += this.#scratch.write(LINE_TAIL, length)
    return this.#scratch.subarray(0, length)
  }
}
