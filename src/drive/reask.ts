import { Batcher, type BatchRequest } from '../batching/batcher.ts'
import { bodyOf } from '../log/frozen-line.ts'
import { ResultLines } from '../log/result-lines.ts'
import { askAgain } from '../request/ask-again.ts'
import type { ReaskableRequest } from '../store/store.ts'
import type { RunContext } from '../workspace/context.ts'
import { LineCopier, storedSink } from './replan.ts'

/** Requests whose answers are read together. */
const PAGE_REQUESTS = 200

/** True where rows with an invalid answer and turns left wait to be asked again. */
export async function mustReask({ maxReasks, store }: RunContext): Promise<boolean> {
  return maxReasks > 0 && (await store.hasReaskable())
}

/**
 * Plans every row that has an invalid answer and turns left into batches that ask again: the request as it was, followed
 * by that answer and what is wrong with it. The new requests take the place of the old ones in the transaction that adds
 * their batch; what a crash leaves undone before is done again. Returns whether anything was planned.
 */
export async function reask(context: RunContext): Promise<boolean> {
  if (!(await mustReask(context))) return false
  const questions = new Questions(context)
  const batcher = new Batcher({ ports: context, sink: storedSink(context) })
  let ordinal = await context.store.nextOrdinal()
  try {
    for await (const question of questions.all()) {
      await batcher.add({ ...question, ordinal, row: null })
      ordinal += 1
    }
    await batcher.finish()
  } finally {
    await questions.close()
    await batcher.close()
  }
  return true
}

/** A question as it is asked again; the new requests have ordinals that follow the last ones of the run. */
type Question = Pick<BatchRequest, 'body' | 'mostOutputTokens' | 'target'> & { readonly replaces: number }

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
    const body = bodyOf(await this.#lines.read(request))
    const { maxBytes, maxLineBytes } = provider.limits(target)
    const room = Math.min(maxLineBytes, maxBytes - 1) - request.length
    const made = askAgain(body, { answer: decoded?.outcome.output ?? null, flaw: reason, room, target })
    return { target, replaces: request.ordinal, ...made }
  }
}
