import { Batcher, type BatchRequest } from '../batching/batcher.ts'
import { repairing } from '../collect/rebuild.ts'
import { sumKnown } from '../lib/number.ts'
import { bodyOf } from '../log/frozen-line.ts'
import { FrozenLines } from '../log/frozen-lines.ts'
import { placedResult } from '../log/log-batch.ts'
import { DAMAGED, ResultLines } from '../log/result-lines.ts'
import { type PresentRequest, RunLog } from '../log/run-log.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import { costOfRequest } from '../prices/cost.ts'
import { askAgain } from '../request/ask-again.ts'
import type { RunContext } from '../workspace/context.ts'
import { storedSink, takerOf } from './replan.ts'

/** True where rows with an invalid answer and turns left wait to be asked again; never once a tail has begun. */
export async function mustReask({ maxReasks, store }: RunContext): Promise<boolean> {
  return maxReasks > 0 && (await store.hasReaskable()) && (await store.record()).tailBegunAt === null
}

/**
 * Plans every row that has an invalid answer and turns left into batches that ask again: the request as it was, followed
 * by that answer and what is wrong with it. The new requests take the place of the old ones in the transaction that adds
 * their batch; what a crash leaves undone before is done again. Returns whether anything was planned.
 */
export async function reask(context: RunContext): Promise<boolean> {
  if (!(await mustReask(context))) return false
  const { maxReasks, priceOf } = context
  const log = new RunLog(context, repairing(context))
  const takeOver = takerOf(await log.weights())
  const questions = new Questions(context)
  const batcher = new Batcher({ ports: context, sink: storedSink(context) })
  try {
    for await (const request of log.reaskable(maxReasks)) {
      const { batch, index, result, turn } = request.newest
      const cost = costOfRequest(result, priceOf(batch.record.target), batch.record.kind)
      const earlierUsd = sumKnown([batch.plan.earlierUsdAt(index), cost])
      const asksAnew = request.entries.some((entry) => entry.turn > 0) ? 'further' : 'first'
      const earlier = takeOver(request, { tries: 0, turn: turn + 1, earlierUsd, asksAnew })
      await batcher.add({ ...(await questions.of(request)), ordinal: request.ordinal, earlier })
    }
    await batcher.finish()
    tellDamaged(context, questions.damaged)
  } finally {
    await questions.close()
    await batcher.close()
  }
  return true
}

/** The model is then asked as before, with what was wrong but without the answer that it was wrong with. */
function tellDamaged({ emit, store }: RunContext, rows: number): void {
  if (rows === 0) return
  const what =
    rows === 1
      ? '1 row is asked again without its earlier answer'
      : `${rows} rows are asked again without their earlier answers`
  const message = `${what}, which cannot be read any more: a result file of run ${store.id} is damaged (${commandLine('doctor', mention('repair'))} fetches it again)`
  emit({ type: 'warning', code: 'damaged_line', message, batch: null })
}

/** Makes questions that are asked again, from frozen lines and raw answers. */
class Questions {
  readonly #context: RunContext
  readonly #lines: FrozenLines
  readonly #answers: ResultLines
  /** Questions whose earlier answer was damaged. */
  damaged = 0

  constructor(context: RunContext) {
    this.#context = context
    this.#lines = new FrozenLines(context)
    this.#answers = new ResultLines(context)
  }

  async of({ newest }: PresentRequest): Promise<Pick<BatchRequest, 'body' | 'mostOutputTokens' | 'target'>> {
    const { provider } = this.#context
    const { batch, result } = newest
    const { target } = batch.record
    const line = await this.#lines.of(newest)
    const { maxBytes, maxLineBytes } = provider.limits(target)
    const room = Math.min(maxLineBytes, maxBytes - 1) - line.length
    const body = bodyOf(line)
    const [rawLine] = await this.#answers.of([{ result: placedResult(newest) }])
    if (rawLine === DAMAGED) this.damaged += 1
    const decoded = typeof rawLine === 'string' ? provider.decode(rawLine, target) : undefined
    const made = askAgain(body, { answer: decoded?.outcome.output ?? null, flaw: result?.reason ?? null, room, target })
    return { target, ...made }
  }

  async close(): Promise<void> {
    await this.#lines.close()
    await this.#answers.close()
  }
}
