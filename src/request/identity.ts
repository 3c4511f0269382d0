import { hash } from 'node:crypto'
import type { Target } from '../model/target.ts'
import { targetKey } from '../model/target.ts'

/**
 * Tells requests apart by what is sent: the same target and the same bytes of the body have the same identity, whatever
 * the row, the run or the wire id. Never by likeness: another order of fields is another request.
 */
export class Identities {
  #last: { readonly target: Target; readonly key: string } | undefined

  /** The identity of a request, a SHA-256 as a text of 32 characters up to U+00FF; `body` is its JSON text. */
  of(target: Target, body: string): string {
    if (this.#last?.target !== target) this.#last = { target, key: `${targetKey(target)} ` }
    return hash('sha256', this.#last.key + body, 'binary')
  }
}
