/** How often a person is told how far a part is. */
const TELLING_MS = 30_000

/** Tells on the error stream how far a part of the proof is, while it is carried out. */
export class Progress {
  readonly #what: string
  readonly #total: number
  readonly #startedAt = performance.now()
  readonly #timer: NodeJS.Timeout
  #done = 0
  #failed = 0

  constructor(what: string, total: number) {
    this.#what = what
    this.#total = total
    this.#timer = setInterval(() => this.#tell(), TELLING_MS).unref()
  }

  add(isFailed: boolean): void {
    this.#done += 1
    if (isFailed) this.#failed += 1
  }

  end(): void {
    clearInterval(this.#timer)
    this.#tell()
  }

  #tell(): void {
    const minutes = (performance.now() - this.#startedAt) / 60_000
    const pace = this.#done / minutes
    const left = (this.#total - this.#done) / pace
    const rest = this.#done === this.#total ? '' : `, about ${left.toFixed(1)} minutes left`
    tell(`${this.#what}: ${this.#done} of ${this.#total}, ${this.#failed} failed, ${pace.toFixed(0)} a minute${rest}`)
  }
}

/** Writes a line for a person who watches. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
