import { createHash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { HOUR_MS } from '../lib/duration.ts'
import type { Random } from '../lib/random.ts'
import { isTerminal } from '../model/attempt.ts'
import { nonceFrom, wireId, wirePrefix } from '../model/ids.ts'
import { CHAT_ENDPOINT, type Target } from '../model/target.ts'
import {
  type BatchInput,
  type BatchMark,
  type DecodedLine,
  type InputRef,
  type NewBatch,
  NotCreated,
  type Provider,
  ProviderError,
  type RemoteBatch,
  Unknown,
} from '../providers/provider.ts'
import { markerMetadata } from '../submit/markers.ts'
import { remoteFileName, storeInput } from '../submit/upload.ts'

/** Tokens that an answer may have at most: enough to be an answer, few enough to cost nearly nothing. */
export const MOST_ANSWER_TOKENS = 16

/** Listings that are looked at for a batch whose create was answered unclearly. */
const LOOKS_AFTER_DOUBT = 3

/** The metadata that tells the batches of a probe from those of runs. */
export const PROBE_MARK = 'llm_batch_probe'

/** Ports of a probe. */
export interface ProbePorts {
  readonly provider: Provider
  readonly clock: Clock
  readonly random: Random
  readonly target: Target
  /** Between two looks. */
  readonly lookMs: number
  /** How long a batch is watched before its fate counts as unclear. */
  readonly limitMs: number
  readonly signal: AbortSignal
}

/** The one request of a probe: a few words, and an answer of a few tokens. */
export function probeBody(provider: Pick<Provider, 'limits'>, target: Target): string {
  const { maxTokensField, modelOn } = provider.limits(target)
  return JSON.stringify({
    ...(modelOn === 'line' ? { model: target.model } : {}),
    messages: [{ role: 'user', content: 'Answer with the word yes.' }],
    ...(maxTokensField === null ? {} : { [maxTokensField]: MOST_ANSWER_TOKENS }),
  })
}

/** The target that a probe of a model is sent to. */
export function probeTarget(provider: string, model: string): Target {
  return { provider, endpoint: CHAT_ENDPOINT, model }
}

/** A row, and the batch that is to be made of it. */
export interface OneRow {
  readonly input: InputRef | BatchInput
  readonly mark: BatchMark
  readonly wireId: string
  readonly batch: NewBatch
}

/** A row that the provider has stored. */
export interface StoredRow extends OneRow {
  readonly inputFileId: string
}

/** Uploads of one row each and the batches made of them; remembers all, so that nothing is left at the provider. */
export class OneRowBatches {
  readonly #ports: ProbePorts
  readonly #fileIds: string[] = []
  readonly #batchIds: string[] = []

  constructor(ports: ProbePorts) {
    this.#ports = ports
  }

  /** Stores one row under a nonce of its own; what `create` needs to make a batch of it. */
  async upload(): Promise<StoredRow> {
    const { input, mark, ...row } = this.inline()
    const { id: inputFileId } = await storeInput(this.#ports.provider, input, this.#ports.signal)
    this.#fileIds.push(inputFileId)
    return { ...row, inputFileId, input: { id: inputFileId }, mark: { ...mark, inputFileId } }
  }

  /** One row under a nonce of its own, to be carried by its create. */
  inline(): OneRow & { readonly input: BatchInput } {
    const { provider, random, target } = this.#ports
    const nonce = nonceFrom(random.bytes(16))
    const id = wireId(wirePrefix(nonce), 0)
    const body = probeBody(provider, target)
    const line = Buffer.from(`${provider.encode({ wireId: id, target, body })}\n`)
    const input = { name: remoteFileName(nonce), bytes: line.length, open: () => once(line) }
    const contentHash = createHash('sha256').update(body).digest('hex')
    const metadata = { ...markerMetadata({ nonce, contentHash }), [PROBE_MARK]: '1' }
    const batch = { target, metadata, windowHours: null }
    return { input, mark: { inputFileId: null, nonce }, wireId: id, batch }
  }

  /**
   * One POST; a refusal is an answer here, and so is an unclear one of which no batch is listed: some servers refuse in
   * plain text. Throws where nothing can be learnt: no connection, no right to create.
   */
  async create(row: OneRow): Promise<RemoteBatch | NotCreated | Unknown> {
    try {
      const made = await this.#ports.provider.create(row.batch, row.input, this.#ports.signal)
      this.#batchIds.push(made.id)
      return made
    } catch (error) {
      if (error instanceof Unknown) return (await this.#listed(row)) ?? error
      const isRefusal =
        error instanceof NotCreated && (error.failure.kind === 'refused' || error.failure.kind === 'absent')
      if (isRefusal) return error
      throw error
    }
  }

  /** The batch of this input, where one of a few listings shows it. */
  async #listed({ mark }: OneRow): Promise<RemoteBatch | undefined> {
    const { clock, lookMs, provider, signal } = this.#ports
    const since = new Date(clock.now() - HOUR_MS)
    for (let looks = 0; looks < LOOKS_AFTER_DOUBT; looks += 1) {
      const { batches } = await provider.list(since, signal)
      const found = batches.find((listed) => provider.isOurs(listed, mark))
      if (found) {
        this.#batchIds.push(found.id)
        return found
      }
      await clock.sleep(lookMs, signal)
    }
    return undefined
  }

  /** Watches a batch until it has ended; its last state where the limit comes first. */
  async end(id: string): Promise<RemoteBatch> {
    const { clock, limitMs, lookMs, provider, signal } = this.#ports
    const startedAt = clock.monotonic()
    for (;;) {
      const batch = await provider.get(id, signal)
      if (isTerminal(batch.status) || signal.aborted || clock.monotonic() - startedAt > limitMs) return batch
      await clock.sleep(lookMs, signal)
    }
  }

  /** What the result files of a batch tell of its row; more than one line where they contradict each other. */
  async lines({ results }: RemoteBatch): Promise<readonly DecodedLine[]> {
    const { provider, signal, target } = this.#ports
    const found: DecodedLine[] = []
    for (const result of results) {
      const pieces: Uint8Array[] = []
      for await (const piece of provider.read(result, signal)) pieces.push(piece)
      for (const line of Buffer.concat(pieces).toString('utf8').split('\n')) {
        const decoded = line.trim() === '' ? undefined : provider.decode(line, target)
        if (decoded) found.push(decoded)
      }
    }
    return found
  }

  /** Cancels what is still at work and deletes the files; what is left is named. Not stopped by an interrupt. */
  async cleanUp(): Promise<readonly string[]> {
    const { provider } = this.#ports
    const signal = new AbortController().signal
    const left: string[] = []
    for (const id of this.#batchIds) {
      await attempted(id, left, async () => {
        if (!isTerminal((await provider.get(id, signal)).status)) await provider.cancel(id, signal)
      })
    }
    // That files stay where no call deletes them was said before.
    for (const id of provider.discard ? this.#fileIds : []) {
      await attempted(id, left, async () => {
        if ((await provider.discard?.(id, signal)) !== 'gone') left.push(id)
      })
    }
    return left
  }
}

async function attempted(id: string, left: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    left.push(id)
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
