/** Steps of different kinds share different narrow places: the disk and line, the provider's patience. */
export type FlightKind = 'transfer' | 'create' | 'poll' | 'listing'

/** The steps that are under way just now, each under a name of its own. */
export class Flights {
  readonly #mostOfAKind: number
  readonly #flights = new Map<string, { readonly kind: FlightKind; readonly done: Promise<void> }>()
  readonly #landed = new Set<string>()
  /** What the first step that failed has thrown; it concerns the whole run. */
  failure: unknown

  constructor(mostOfAKind: number) {
    this.#mostOfAKind = mostOfAKind
  }

  get count(): number {
    return this.#flights.size
  }

  /** Called before the store is looked at: what it tells may be older than a step that ends from now on. */
  beginLook(): void {
    this.#landed.clear()
  }

  /** True where a step has ended since the look began. */
  get haveLanded(): boolean {
    return this.#landed.size > 0
  }

  /** True while such a step is under way, and where it has ended since the look began. */
  has(name: string): boolean {
    return this.#flights.has(name) || this.#landed.has(name)
  }

  hasRoom(kind: FlightKind): boolean {
    return [...this.#flights.values()].filter((flight) => flight.kind === kind).length < this.#mostOfAKind
  }

  start(name: string, kind: FlightKind, work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.failure ??= error
      })
      .finally(() => {
        this.#flights.delete(name)
        this.#landed.add(name)
      })
    this.#flights.set(name, { kind, done })
  }

  /** A promise for each flight, resolved when it has ended; none of them rejects. */
  each(): readonly Promise<void>[] {
    return [...this.#flights.values()].map(({ done }) => done)
  }

  /** Resolves when all have ended. */
  async all(): Promise<void> {
    await Promise.all(this.each())
  }
}
