import type { Disk } from '../lib/disk.ts'
import { longer } from '../lib/packed/longer.ts'
import type { FileFacts } from '../model/file-facts.ts'
import { type ColumnSet, readColumns, writeColumns } from './columns-file.ts'

const KIND = 'plan'

/** A request in a batch, and what is known of it from before. */
export interface PlannedEntry {
  readonly ordinal: number
  /** Tries that counted before this batch. */
  readonly tries: number
  /** How often the question was asked anew before; 0 for the first one. */
  readonly turn: number
  /** US dollars that questions before this one have cost; null where that is not known. */
  readonly earlierUsd: number | null
}

/**
 * The requests of a batch in the order of its lines, which is that of their ordinals. Those of most batches count up from
 * the first one, were never tried and never asked: then there is nothing to keep.
 */
export class BatchPlan {
  readonly length: number
  readonly #first: number
  /** Undefined where the ordinals count up. */
  readonly #set: ColumnSet | undefined

  private constructor(first: number, length: number, set: ColumnSet | undefined) {
    this.length = length
    this.#first = first
    this.#set = set
  }

  /** A plan of requests that count up. */
  static ofRange(first: number, length: number): BatchPlan {
    return new BatchPlan(first, length, undefined)
  }

  /** The plan in a file that the catalog names; undefined where it is damaged or absent. */
  static async read(disk: Disk, path: string, facts: FileFacts): Promise<BatchPlan | undefined> {
    const set = await readColumns(disk, path, KIND, facts)
    return set && new BatchPlan(set.columns['ordinal']?.[0] ?? 0, set.length, set)
  }

  static ofColumns(set: ColumnSet): BatchPlan {
    return new BatchPlan(set.columns['ordinal']?.[0] ?? 0, set.length, set)
  }

  *ordinals(): Iterable<number> {
    for (let index = 0; index < this.length; index += 1) yield this.ordinalAt(index)
  }

  ordinalAt(index: number): number {
    return this.#set ? this.#number('ordinal', index) : this.#first + index
  }

  triesAt(index: number): number {
    return this.#number('tries', index)
  }

  turnAt(index: number): number {
    return this.#number('turn', index)
  }

  earlierUsdAt(index: number): number | null {
    const usd = this.#number('earlierUsd', index)
    return Number.isNaN(usd) ? null : usd
  }

  /** Where a request stands in it; -1 where it does not. */
  indexOf(ordinal: number): number {
    if (!this.#set) {
      const index = ordinal - this.#first
      return index >= 0 && index < this.length ? index : -1
    }
    const index = this.firstFrom(ordinal)
    return index < this.length && this.ordinalAt(index) === ordinal ? index : -1
  }

  /** The first place with this ordinal or a higher one. */
  firstFrom(ordinal: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.ordinalAt(middle) < ordinal) low = middle + 1
      else high = middle
    }
    return low
  }

  #number(name: string, index: number): number {
    return this.#set?.columns[name]?.[index] ?? 0
  }
}

/** Gathers the plan of a batch while its lines are written; 17 bytes a request, and those only where they say something. */
export class PlanBuilder {
  #ordinals = new Uint32Array(1_024)
  #tries = new Uint8Array(1_024)
  #turns = new Uint8Array(1_024)
  #earlierUsd = new Float64Array(1_024)
  #length = 0
  #isPlain = true

  get length(): number {
    return this.#length
  }

  get first(): number {
    return this.#length === 0 ? 0 : (this.#ordinals[0] ?? 0)
  }

  get last(): number {
    return this.#length === 0 ? 0 : (this.#ordinals[this.#length - 1] ?? 0)
  }

  /** Ordinals must go up. */
  add({ earlierUsd, ordinal, tries, turn }: PlannedEntry): void {
    const index = this.#length
    if (index > 0 && ordinal <= this.last)
      throw new RangeError(`request ${ordinal} comes after ${this.last} in a batch`)
    if (index === this.#ordinals.length) this.#grow()
    this.#isPlain &&= tries === 0 && turn === 0 && (index === 0 || ordinal === this.last + 1)
    this.#ordinals[index] = ordinal
    this.#tries[index] = tries
    this.#turns[index] = turn
    this.#earlierUsd[index] = earlierUsd ?? Number.NaN
    this.#length += 1
  }

  plan(): BatchPlan {
    return this.#isPlain ? BatchPlan.ofRange(this.first, this.#length) : BatchPlan.ofColumns(this.#columns())
  }

  /** Writes what is not plain, and tells what the catalog must know of it; null where there is nothing to write. */
  async write(disk: Disk, path: string): Promise<FileFacts | null> {
    return this.#isPlain ? null : await writeColumns(disk, path, KIND, this.#columns())
  }

  #columns(): ColumnSet {
    const to = this.#length
    const columns = {
      ordinal: this.#ordinals.slice(0, to),
      tries: this.#tries.slice(0, to),
      turn: this.#turns.slice(0, to),
      earlierUsd: this.#earlierUsd.slice(0, to),
    }
    return { length: to, columns, texts: [] }
  }

  #grow(): void {
    this.#ordinals = longer(this.#ordinals)
    this.#tries = longer(this.#tries)
    this.#turns = longer(this.#turns)
    this.#earlierUsd = longer(this.#earlierUsd)
  }
}
