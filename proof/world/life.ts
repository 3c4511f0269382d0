/** Ways in which a process ends against its will. */
export type CrashKind = 'death' | 'power loss'

/** A process that is to die in front of a step. */
export interface Crash {
  /** The number of the step, counted through all processes of the world. */
  readonly step: number
  readonly kind: CrashKind
}

/** Thrown in the middle of synchronous work of a process that has just died. */
export class Dead extends Error {
  override readonly name = 'Dead'

  constructor() {
    super('this process is dead')
  }
}

/**
 * The life of one simulated process. What it asks of the world goes through `pass`, which numbers the step; at the step
 * chosen for its death the process stops for ever: nothing it waits for comes any more.
 */
export class Life {
  isOver = false
  /** Resolves when the process dies. */
  readonly ended: Promise<void>
  #end: () => void = () => undefined
  readonly #onStep: (name: string) => boolean

  /** `onStep` is told of every step and returns true where the process dies in front of it. */
  constructor(onStep: (name: string) => boolean) {
    this.#onStep = onStep
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** Resolves at once, or never where the process is dead or dies here. */
  async pass(name: string): Promise<void> {
    if (!this.#mayPass(name)) await never()
  }

  /** As `pass`, for synchronous work: throws `Dead`. */
  passNow(name: string): void {
    if (!this.#mayPass(name)) throw new Dead()
  }

  /** For work other than steps: waits for ever where the process is dead. */
  async live(): Promise<void> {
    if (this.isOver) await never()
  }

  /** Goes on with what was waited for; never where the process is dead. */
  goOn(resume: () => void): void {
    if (!this.isOver) resume()
  }

  end(): void {
    this.isOver = true
    this.#end()
  }

  #mayPass(name: string): boolean {
    if (this.isOver) return false
    if (!this.#onStep(name)) return true
    this.end()
    return false
  }
}

/** A life that no step ends: the provider's, and that of onlookers. */
export function immortal(): Life {
  return new Life(() => false)
}

/** A promise of its own each time: a shared one would keep everything that ever waited for it. */
async function never(): Promise<never> {
  return await new Promise<never>(() => undefined)
}
