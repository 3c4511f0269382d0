import { targetKey } from '../model/target.ts'
import { createSplitter } from '../plan/splitter.ts'
import { askAgain } from '../request/ask-again.ts'
import type { ReaskableRequest } from '../store/store.ts'
import { BatchWriter } from './batch-writer.ts'
import type { RunContext } from './context.ts'
import { Cuttings } from './cutting.ts'
import { addBatch, LineCopier } from './replan.ts'
import { ResultLines } from './result-lines.ts'

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
  const cuttings = new Cuttings(context)
  const splitter = createSplitter((target) => cuttings.limitsOf(target))
  const questions = new Questions(context)
  const writers = new Map<string, BatchWriter>()
  let ordinal = await context.store.nextOrdinal()
  try {
    for await (const { body, mostOutputTokens, request } of questions.all()) {
      const { target } = request
      const key = targetKey(target)
      const { counter, limits, rate } = await cuttings.of(target)
      const open = writers.get(key) ?? (await BatchWriter.open(context, target, { tokenMethod: counter.method }))
      writers.set(key, open)
      const line = open.encode(ordinal, body)
      const tokens = await counter.count(line, limits.queueTokens)
      const { closed } = splitter.place(target, line.length, Math.ceil(tokens * rate))
      if (closed) await addBatch(context, open)
      const writer = closed ? await BatchWriter.open(context, target, { tokenMethod: counter.method }) : open
      writers.set(key, writer)
      const own = closed ? writer.encode(ordinal, body) : line
      await writer.addLine(ordinal, null, own, { tokens, mostOutputTokens }, request.ordinal)
      ordinal += 1
    }
    for (const writer of writers.values()) await addBatch(context, writer)
  } finally {
    await questions.close()
    for (const writer of writers.values()) await writer.close()
  }
  return writers.size > 0
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
