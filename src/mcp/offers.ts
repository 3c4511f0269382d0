import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { writeAtomically } from '../lib/atomic-file.ts'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { WorkHashes } from '../prepare/definition.ts'
import type { Figures } from './figures.ts'
import type { Work } from './work.ts'

/** Work that was planned, and what it may cost. */
export interface Offer {
  readonly version: 1
  /** Names it; a digest of everything that it holds but for what has become of it. */
  readonly token: string
  readonly work: Work
  readonly hashes: WorkHashes
  /** Figures that the price follows from, to be shown where it is to be accepted. */
  readonly figures: Figures
  /** The API root that it would be sent to. */
  readonly baseUrl: string
  /** What may be spent on it at most, in micro-dollars; null where a price is unknown. */
  readonly priceMicros: number | null
  /** True where that is a cap of the agent or of the configuration, and not all that the run might cost. */
  readonly isCapped: boolean
  /** True where that price was accepted. */
  readonly isAccepted: boolean
  /** The run that it has become; null before. */
  readonly run: string | null
  /** Tries of its rows that were accepted. */
  readonly tries: number
}

const TOKEN = /^plan-[0-9a-f]{24}$/

/** Does the work while no other process of the home does such. */
export type Alone = <Result>(what: string, work: () => Promise<Result>) => Promise<Result>

/** Offers of a home, each in a file of its own, so that a token outlives the server. Several servers may change one. */
export class Offers {
  readonly #disk: Disk
  readonly #folder: string
  readonly #alone: Alone

  constructor(disk: Disk, folder: string, alone: Alone) {
    this.#disk = disk
    this.#folder = folder
    this.#alone = alone
  }

  /** Keeps an offer and names it; the same plan has the same token, and keeps what has become of it. */
  async add(made: Pick<Offer, 'work' | 'hashes' | 'figures' | 'baseUrl' | 'priceMicros' | 'isCapped'>): Promise<Offer> {
    const digest = createHash('sha256').update(JSON.stringify(made)).digest('hex')
    const token = `plan-${digest.slice(0, 24)}`
    return await this.#alone(token, async () => {
      const known = await this.#find(token)
      if (known !== undefined) return known
      const offer: Offer = { version: 1, token, ...made, isAccepted: false, run: null, tries: 0 }
      await this.#write(offer)
      return offer
    })
  }

  /** The offer of this token. Throws `usage` where there is none. */
  async read(token: string): Promise<Offer> {
    const offer = TOKEN.test(token) ? await this.#find(token) : undefined
    if (offer !== undefined) return offer
    throw new LlmBatchError('usage', `there is no plan with the token ${JSON.stringify(token)}; nothing was sent`, {
      next: 'Call plan, and use the token that it answers.',
    })
  }

  /** Keeps what has become of an offer, beside what else has; on stable storage when it resolves. */
  async note(token: string, changes: Partial<Pick<Offer, 'isAccepted' | 'run' | 'tries'>>): Promise<void> {
    await this.#alone(token, async () => this.#write({ ...(await this.read(token)), ...changes }))
  }

  /** True where an offer has become this run. */
  async hasRun(run: string): Promise<boolean> {
    for (const name of await this.#disk.list(this.#folder)) {
      const token = name.replace(/\.json$/, '')
      if (TOKEN.test(token) && (await this.#find(token))?.run === run) return true
    }
    return false
  }

  async #find(token: string): Promise<Offer | undefined> {
    const text = await this.#disk.readText(this.#pathOf(token))
    // Only this class writes these files, whole or not at all.
    return text === undefined ? undefined : (JSON.parse(text) as Offer)
  }

  async #write(offer: Offer): Promise<void> {
    await this.#disk.makeFolder(this.#folder)
    await writeAtomically(this.#disk, this.#pathOf(offer.token), async (writer) => {
      await writer.writeText(JSON.stringify(offer))
    })
  }

  #pathOf(token: string): string {
    return join(this.#folder, `${token}.json`)
  }
}
