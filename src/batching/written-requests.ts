import { longer } from '../lib/packed/longer.ts'
import type { PlannedRequest, PlannedRequests } from '../model/batch.ts'

/** Numbers kept of a request: its ordinal, its row, the request that it replaces, and the bytes of its line. */
const FIELDS = 4

/** Stands for a row or a request that there is not. */
const NONE = -1

/** Room for so many requests at first; it doubles. */
const FIRST_ROOM = 1_024

/**
 * The requests of a batch while its lines are written one after another. A batch may have fifty thousand of them, and as
 * objects they would take five times the memory until it is whole.
 */
export class WrittenRequests implements PlannedRequests {
  #numbers = new Int32Array(FIRST_ROOM * FIELDS)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** `lineBytes` is without the line feed that follows. */
  add(ordinal: number, row: number | null, lineBytes: number, replaces: number | undefined): void {
    const start = this.#length * FIELDS
    if (start === this.#numbers.length) this.#numbers = longer(this.#numbers)
    this.#numbers[start] = ordinal
    this.#numbers[start + 1] = row ?? NONE
    this.#numbers[start + 2] = replaces ?? NONE
    this.#numbers[start + 3] = lineBytes
    this.#length += 1
  }

  at(index: number): PlannedRequest | undefined {
    const place = index < 0 ? this.#length + index : index
    return this.slice(place, place + 1)[0]
  }

  slice(start: number, end: number): readonly PlannedRequest[] {
    const last = Math.min(end, this.#length)
    let offset = 0
    for (let place = 0; place < start; place += 1) offset += this.#number(place, 3) + 1
    const requests: PlannedRequest[] = []
    for (let place = start; place < last; place += 1) {
      const row = this.#number(place, 1)
      const replaces = this.#number(place, 2)
      const length = this.#number(place, 3)
      requests.push({
        ordinal: this.#number(place, 0),
        row: row === NONE ? null : row,
        replaces: replaces === NONE ? undefined : replaces,
        offset,
        length,
      })
      offset += length + 1
    }
    return requests
  }

  #number(place: number, field: number): number {
    return this.#numbers[place * FIELDS + field] ?? 0
  }
}
