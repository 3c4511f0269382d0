import { seededFraction } from '../../src/lib/random.ts'

/** How the provider of a simulation behaves. Times are milliseconds of virtual time. */
export interface ProviderShape {
  /** Input tokens that may be queued; a batch is refused when it is validated and does not fit. */
  readonly limitTokens: number
  readonly validateMs: number
  /** Least time a batch takes, spread by `jitter` either way. */
  readonly latencyMs: number
  readonly jitter: number
  /** Tokens the provider works off in a second, batches in the order of their creation; infinite for no bound. */
  readonly tokensPerSecond: number
}

/** A batch at the simulated provider. */
export interface ModelBatch {
  readonly createdAt: number
  readonly tokens: number
  readonly validatedAt: number
  /** When it is completed, or was refused. */
  readonly endsAt: number
  readonly isRefused: boolean
}

/** A provider that queues, refuses late like OpenAI, and never keeps a batch longer than it must. */
export class ProviderModel {
  readonly #shape: ProviderShape
  readonly #fraction: () => number
  #atWork: ModelBatch[] = []
  #workedOffAt = 0
  /** The most tokens that were ever at work together. */
  peakTokens = 0

  constructor(shape: ProviderShape, seed: number) {
    this.#shape = shape
    this.#fraction = seededFraction(seed)
  }

  /** Takes a batch; whether it is refused is known from `validatedAt` on. Calls come in the order of time. */
  create(tokens: number, now: number): ModelBatch {
    const { jitter, latencyMs, limitTokens, tokensPerSecond, validateMs } = this.#shape
    const validatedAt = now + validateMs
    this.#atWork = this.#atWork.filter(({ endsAt }) => endsAt > now)
    const beside = this.#atWork.filter(({ endsAt }) => endsAt > validatedAt)
    const load = beside.reduce((sum, one) => sum + one.tokens, 0) + tokens
    const isRefused = load > limitTokens
    const latency = latencyMs * (1 + jitter * (2 * this.#fraction() - 1))
    if (!isRefused) {
      this.peakTokens = Math.max(this.peakTokens, load)
      this.#workedOffAt = Math.max(this.#workedOffAt, validatedAt) + (tokens / tokensPerSecond) * 1_000
    }
    const endsAt = isRefused ? validatedAt : Math.max(validatedAt + latency, this.#workedOffAt)
    const batch = { createdAt: now, tokens, validatedAt, endsAt, isRefused }
    if (!isRefused) this.#atWork.push(batch)
    return batch
  }
}
