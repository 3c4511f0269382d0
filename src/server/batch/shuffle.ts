/** How many lines may be out of order; enough that a client cannot join by position, and flat in memory. */
const WINDOW = 64

/** Gives things back in another order than they came, the same for the same numbers. */
export class Shuffle<Thing> {
  readonly #fraction: () => number
  readonly #held: Thing[] = []

  constructor(fraction: () => number) {
    this.#fraction = fraction
  }

  /** Takes one thing, and gives back one that came earlier, when enough are held. */
  exchange(thing: Thing): Thing | undefined {
    this.#held.push(thing)
    return this.#held.length > WINDOW ? this.next() : undefined
  }

  /** One of those still held, or undefined when there is none. */
  next(): Thing | undefined {
    const last = this.#held.pop()
    if (last === undefined || this.#held.length === 0) return last
    const place = Math.floor(this.#fraction() * (this.#held.length + 1))
    const picked = this.#held[place]
    if (picked === undefined) return last
    this.#held[place] = last
    return picked
  }
}
