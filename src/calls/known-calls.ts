import { DigestTable, digestOf } from '../lib/packed/digest-table.ts'
import type { LogPorts } from '../log/ports.ts'
import { type RowFacts, RowFactsReader } from '../log/row-facts.ts'
import type { Problem } from '../model/problem.ts'
import type { PortionRecord } from '../store/port/run.ts'

/** Rows whose facts are read together. */
const PAGE_ROWS = 1_000

/** Place of a call in its run: the ordinal of its request, or why it has none. */
export type KnownCall = { readonly ordinal: number } | { readonly problem: Problem }

/** The calls that are rows of a run, by their ids; about forty bytes each. */
export class KnownCalls {
  /** Ordinals of requests doubled; numbers of problems doubled, and one. */
  readonly #places = new DigestTable()
  readonly #problems: Problem[] = []
  #portions = 0
  #requests = 0

  /** How many there are. */
  get size(): number {
    return this.#places.size
  }

  find(id: string): KnownCall | undefined {
    const place = this.#places.get(digestOf(id))
    if (place === undefined) return undefined
    const number = Math.floor(place / 2)
    if (place % 2 === 0) return { ordinal: number }
    const problem = this.#problems[number]
    return problem && { problem }
  }

  /** Reads the rows of portions that were not read before. */
  async readOn(ports: LogPorts, portions: readonly PortionRecord[]): Promise<void> {
    const reader = new RowFactsReader(ports, portions.slice(this.#portions))
    try {
      for (;;) {
        const page = await reader.take(PAGE_ROWS)
        for (const facts of page) this.#add(facts)
        if (page.length < PAGE_ROWS) break
      }
    } finally {
      await reader.close()
    }
    this.#portions = portions.length
  }

  #add({ id, problem, shares }: RowFacts): void {
    const place = problem === null ? 2 * (shares ?? this.#requests) : 2 * this.#problems.length + 1
    if (problem !== null) this.#problems.push(problem)
    else if (shares === null) this.#requests += 1
    if (id !== null) this.#places.set(digestOf(id), place)
  }
}
