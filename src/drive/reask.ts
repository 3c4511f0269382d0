import { BatchWriter } from '../log/batch-writer.ts'
import { Cuttings } from '../log/cutting.ts'
import { ResultLines } from '../log/result-lines.ts'
import { type Target, targetKey } from '../model/target.ts'
import { createSplitter, type Splitter } from '../plan/splitter.ts'
import { askAgain } from '../request/ask-again.ts'
import type { ReaskableRequest, TokenMethod } from '../store/store.ts'
import type { RunContext } from '../workspace/context.ts'
import { addBatch, LineCopier } from './replan.ts'

/** Requests whose answers are read together. */
const PAGE_REQUESTS = 200

/** True where rows with an invalid answer wait to be asked again. Nothing is asked again in a run that is being cancelled. */
export async function mustReask({ isCancelling, maxReasks, store }: RunContext): Promise<boolean> {
  return maxReasks > 0 && !isCancelling && (await store.hasReaskable())
}

/**
 * Plans every row that has an invalid answer and turns left into batches that ask again: the request as it was, followed
 * by that answer and what is wrong with it. The new requests take the place of the old ones in the transaction that adds
 * their batch; what a crash leaves undone before is done again. Returns whether anything was planned.
 */
export async function reask(context: RunContext): Promise<boolean> {
  if (!(await mustReask(context))) return false
  const questions = new Questions(context)
  const batches = new ReaskBatches(context, await context.store.nextOrdinal())
  try {
    for await (const question of questions.all()) await batches.add(question)
    await batches.finish()
  } finally {
    await questions.close()
    await batches.close()
  }
  return true
}

/** The batches that are being written, one for each target, under ordinals that follow the last ones of the run. */
class ReaskBatches {
  readonly #context: RunContext
  readonly #cuttings: Cuttings
  readonly #splitter: Splitter
  readonly #writers = new Map<string, BatchWriter>()
  #ordinal: number

  constructor(context: RunContext, firstOrdinal: number) {
    this.#context = context
    this.#cuttings = new Cuttings(context)
    this.#splitter = createSplitter((target) => this.#cuttings.limitsOf(target))
    this.#ordinal = firstOrdinal
  }

  async add({ body, mostOutputTokens, request }: Question): Promise<void> {
    const { target } = request
    const { counter, limits, rate } = await this.#cuttings.of(target)
    const open = this.#writers.get(targetKey(target)) ?? (await this.#open(target, counter.method))
    const line = open.encode(this.#ordinal, body)
    const tokens = counter.count(line, limits.queueTokens)
    const { closed } = this.#splitter.place(target, line.length, Math.ceil(tokens * rate))
    if (closed) await addBatch(this.#context, open)
    const writer = closed ? await this.#open(target, counter.method) : open
    const own = closed ? writer.encode(this.#ordinal, body) : line
    await writer.addLine(this.#ordinal, null, own, { tokens, mostOutputTokens }, request.ordinal)
    this.#ordinal += 1
  }

  async finish(): Promise<void> {
    for (const writer of this.#writers.values()) await addBatch(this.#context, writer)
  }

  /** Lets go of the files; may be repeated. */
  async close(): Promise<void> {
    for (const writer of this.#writers.values()) await writer.close()
  }

  async #open(target: Target, tokenMethod: TokenMethod): Promise<BatchWriter> {
    const writer = await BatchWriter.open(this.#context, target, { tokenMethod })
    this.#writers.set(targetKey(target), writer)
    return writer
  }
}

/** A question as it is asked again. */
interface Question {
  readonly request: ReaskableRequest
  readonly body: string
  readonly mostOutputTokens: number | null
}

/** Makes the questions of a run that are to be asked again, from frozen lines and raw answers. */
class Questions {
  readonly #context: RunContext
  readonly #lines: LineCopier
  readonly #answers: ResultLines

  constructor(context: RunContext) {
    this.#context = context
    this.#lines = new LineCopier(context)
    this.#answers = new ResultLines(context)
  }

  async *all(): AsyncIterable<Question> {
    let after = -1
    for (;;) {
      const page = await this.#context.store.reaskableRequests(after, PAGE_REQUESTS)
      const last = page.at(-1)
      if (!last) return
      const answers = await this.#answers.of(page.map(({ answer }) => ({ result: answer })))
      for (const [index, request] of page.entries()) yield await this.#question(request, answers[index] ?? null)
      after = last.ordinal
    }
  }

  async close(): Promise<void> {
    await this.#lines.close()
    await this.#answers.close()
  }

  async #question(request: ReaskableRequest, rawLine: string | null): Promise<Question> {
    const { provider } = this.#context
    const { reason, target } = request
    const decoded = rawLine === null ? undefined : provider.decode(rawLine, target)
    const line = Buffer.from(await this.#lines.read(request)).toString('utf8')
    const { maxBytes, maxLineBytes } = provider.limits(target)
    const room = Math.min(maxLineBytes, maxBytes - 1) - request.length
    const made = askAgain(line, { answer: decoded?.outcome.output ?? null, flaw: reason, room, target })
    return { request, ...made }
  }
}
