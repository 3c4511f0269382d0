import type { Disk } from '../lib/disk.ts'
import { longer } from '../lib/packed/longer.ts'
import type { FileFacts } from '../model/file-facts.ts'
import { readColumns, writeColumns } from './columns-file.ts'

const KIND = 'sharing'

/** Numbers of rows by request: requests that several rows share are listed, all others answer one row. */
export class RowWeights {
  readonly #requests: Uint32Array
  readonly #sharing: Uint32Array

  constructor(requests: Uint32Array = new Uint32Array(0), sharing: Uint32Array = new Uint32Array(0)) {
    this.#requests = requests
    this.#sharing = sharing
  }

  /** The weights in a file that the catalog names; undefined where it is damaged or absent. */
  static async read(disk: Disk, path: string, facts: FileFacts): Promise<RowWeights | undefined> {
    const set = await readColumns(disk, path, KIND, facts)
    return set && new RowWeights(set.columns['request'] as Uint32Array, set.columns['sharing'] as Uint32Array)
  }

  /** The weights of requests of several portions, each of which has higher ones than those before. */
  static joined(parts: readonly RowWeights[]): RowWeights {
    const [only, ...others] = parts.filter(({ isEven }) => !isEven)
    if (others.length === 0) return only ?? new RowWeights()
    const shared = [...(only ? [only] : []), ...others]
    return new RowWeights(joined(shared.map((part) => part.#requests)), joined(shared.map((part) => part.#sharing)))
  }

  /** True where every request answers one row. */
  get isEven(): boolean {
    return this.#requests.length === 0
  }

  rowsOf(ordinal: number): number {
    let low = 0
    let high = this.#requests.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#requests[middle] ?? 0) < ordinal) low = middle + 1
      else high = middle
    }
    return 1 + (this.#requests[low] === ordinal ? (this.#sharing[low] ?? 0) : 0)
  }

  async write(disk: Disk, path: string): Promise<FileFacts | null> {
    if (this.isEven) return null
    const columns = { request: this.#requests, sharing: this.#sharing }
    return await writeColumns(disk, path, KIND, { length: this.#requests.length, columns, texts: [] })
  }
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Gathers which requests are shared; four bytes for each row that shares one. */
export class WeightCounter {
  #shared = new Uint32Array(256)
  #length = 0

  /** Counts a row that shares the request of an earlier one. */
  add(ordinal: number): void {
    if (this.#length === this.#shared.length) this.#shared = longer(this.#shared)
    this.#shared[this.#length] = ordinal
    this.#length += 1
  }

  weights(): RowWeights {
    const shared = this.#shared.slice(0, this.#length).sort()
    const requests = new Uint32Array(shared.length)
    const counts = new Uint32Array(shared.length)
    let size = 0
    for (const [index, ordinal] of shared.entries()) {
      if (index === 0 || ordinal !== shared[index - 1]) size += 1
      requests[size - 1] = ordinal
      counts[size - 1] = (counts[size - 1] ?? 0) + 1
    }
    return new RowWeights(requests.slice(0, size), counts.slice(0, size))
  }
}
