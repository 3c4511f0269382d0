import { frozenLine } from '../log/frozen-line.ts'
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
    const text = frozenLine({ wireId: wireId(prefix, ordinal), target, body })
    // A UTF-16 unit takes at most three bytes in UTF-8.
    if (text.length * 3 > SCRATCH_BYTES) return Buffer.from(text)
    return this.#scratch.subarray(0, this.#scratch.write(text))
  }
}
