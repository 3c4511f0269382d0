import type { Store } from '../../store/store.ts'
import { batchIdsIn } from './batch-ids.ts'
import type { Sender } from './senders.ts'

/** The most bytes of a body; events that name a batch have some hundreds. */
export const MOST_BYTES = 64 * 1024

/** A webhook that woke a run. */
export interface Woken {
  /** The provider that sent it. */
  readonly provider: string
  readonly run: string
}

/** Parts of a receiver. */
export interface ReceiverParts {
  readonly store: Pick<Store, 'wake'>
  readonly senders: readonly Sender[]
  /** Told of each run whose batch is looked at now. */
  readonly onWake: (woken: Woken) => void
  /** Told that a request had no valid signature; of the request nothing is told. */
  readonly onRefusal: () => void
  /** Told why a valid webhook could not be taken; its sender is told to send it again. */
  readonly onTrouble: (error: unknown) => void
}

/** HTTP statuses that a request is answered with, each without a body. */
export type AnswerStatus = (typeof ANSWERS)[keyof typeof ANSWERS]

const ANSWERS = { taken: 204, refused: 401, failed: 500 } as const

/**
 * Takes webhooks: a valid one makes the next look at its batch due, whatever it says of the batch. Every other request gets
 * the same answer, whatever was wrong. Keeps nothing in memory, so that several processes may take the webhooks of one home.
 */
export class WebhookReceiver {
  readonly #parts: ReceiverParts

  constructor(parts: ReceiverParts) {
    this.#parts = parts
  }

  /** The status to answer with. `body` holds the bytes as they came; undefined where there were too many. Never throws. */
  async receive(headers: Headers, body: Uint8Array | undefined): Promise<AnswerStatus> {
    try {
      const text = body && exactText(body)
      const signed = text === undefined ? [] : this.#signaturesOf(headers, text)
      if (text === undefined || signed.length === 0) {
        this.#parts.onRefusal()
        return ANSWERS.refused
      }
      for (const { id, sender } of signed) await this.#wake(sender, id, batchIdsIn(text, sender.idPrefix))
      return ANSWERS.taken
    } catch (error) {
      this.#parts.onTrouble(error)
      return ANSWERS.failed
    }
  }

  #signaturesOf(headers: Headers, text: string): readonly { readonly sender: Sender; readonly id: string }[] {
    return this.#parts.senders.flatMap((sender) => {
      const id = sender.verify(headers, text)
      return id === null ? [] : [{ sender, id }]
    })
  }

  async #wake({ providers, variable }: Sender, id: string, batchIds: readonly string[]): Promise<void> {
    if (batchIds.length === 0) return
    const runs = await this.#parts.store.wake({ sender: variable, id, providers, batchIds })
    for (const run of runs) this.#parts.onWake({ provider: providers[0] ?? variable, run })
  }
}

/** Undefined for bytes that are not UTF-8: a signature must be over what was sent, not over what a decoder made of it. */
function exactText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
