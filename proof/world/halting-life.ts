import { Life } from './life.ts'

/**
 * The life of a process that shares its home with another machine. Each of its effects takes a while, in which the other one
 * may be faster, and it may be halted: nothing of it moves then, and what it is answered lies there until it is woken.
 */
export class HaltingLife extends Life {
  readonly #travel: () => Promise<void>
  readonly #onWoken: (name: string) => void
  #halt: { readonly over: Promise<void>; readonly end: () => void } | undefined

  /**
   * `travel` resolves when an effect has come to where it takes place, or its answer back; `onWoken` is told of the steps in
   * front of which the process was halted, as it takes them.
   */
  constructor(onStep: (name: string) => boolean, travel: () => Promise<void>, onWoken: (name: string) => void) {
    super(onStep)
    this.#travel = travel
    this.#onWoken = onWoken
  }

  get isHalted(): boolean {
    return this.#halt !== undefined
  }

  /** Nothing of the process moves until `wake`. */
  halt(): void {
    let end: () => void = () => undefined
    const over = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#halt ??= { over, end }
  }

  wake(): void {
    this.#halt?.end()
    this.#halt = undefined
  }

  override async pass(name: string): Promise<void> {
    await this.travel()
    await super.pass(name)
    if (this.#halt === undefined) return
    await this.#awake()
    this.#onWoken(name)
  }

  override async live(): Promise<void> {
    await this.#awake()
    await super.live()
  }

  override goOn(resume: () => void): void {
    if (this.#halt === undefined) super.goOn(resume)
    else void this.#halt.over.then(() => this.goOn(resume))
  }

  /** The way to an effect or back from it; the process that is there first goes on first. */
  async travel(): Promise<void> {
    await this.live()
    await this.#travel()
    await this.live()
  }

  /** It may be halted again before it has moved. */
  async #awake(): Promise<void> {
    while (this.#halt !== undefined) await this.#halt.over
  }
}
