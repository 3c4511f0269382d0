import { longer } from '../lib/packed/longer.ts'
import { NumberIndex } from '../lib/packed/number-index.ts'

/** Position of the line that counts for a request, for telling duplicates apart. */
export interface LinePosition {
  readonly isSuccess: boolean
  readonly file: 'output' | 'error'
  readonly offset: number
  readonly length: number
}

const SUCCESS = 1
const IN_ERROR_FILE = 2

/** A place for each request that a line has told of; a `Map` that takes a tenth of its memory. */
export class LinePositions {
  readonly #index: NumberIndex
  #offsets: Float64Array
  #lengths: Uint32Array
  #flags: Uint8Array

  constructor(expected: number) {
    const room = Math.max(1, expected)
    this.#index = new NumberIndex(expected)
    this.#offsets = new Float64Array(room)
    this.#lengths = new Uint32Array(room)
    this.#flags = new Uint8Array(room)
  }

  get size(): number {
    return this.#index.size
  }

  has(ordinal: number): boolean {
    return this.#index.placeOf(ordinal) >= 0
  }

  get(ordinal: number): LinePosition | undefined {
    const at = this.#index.placeOf(ordinal)
    if (at < 0) return undefined
    const flags = this.#flags[at] ?? 0
    return {
      isSuccess: (flags & SUCCESS) !== 0,
      file: (flags & IN_ERROR_FILE) === 0 ? 'output' : 'error',
      offset: this.#offsets[at] ?? 0,
      length: this.#lengths[at] ?? 0,
    }
  }

  set(ordinal: number, { file, isSuccess, length, offset }: LinePosition): void {
    const at = this.#index.add(ordinal)
    if (at === this.#flags.length) {
      this.#offsets = longer(this.#offsets)
      this.#lengths = longer(this.#lengths)
      this.#flags = longer(this.#flags)
    }
    this.#offsets[at] = offset
    this.#lengths[at] = length
    this.#flags[at] = (isSuccess ? SUCCESS : 0) | (file === 'error' ? IN_ERROR_FILE : 0)
  }
}
