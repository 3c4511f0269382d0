import { fileSink } from '../batching/batch-sinks.ts'
import { Batcher, type BatchSink, type EarlierEntry } from '../batching/batcher.ts'
import { CanaryChoice } from '../batching/canary-choice.ts'
import type { FirstChoice } from '../batching/first-choice.ts'
import { repairing } from '../collect/rebuild.ts'
import { withoutCachePrefix } from '../log/cache-prefix.ts'
import { bodyOf } from '../log/frozen-line.ts'
import { FrozenLines } from '../log/frozen-lines.ts'
import type { Entry } from '../log/log-batch.ts'
import type { RowWeights } from '../log/row-weights.ts'
import { type PresentRequest, RunLog } from '../log/run-log.ts'
import { groupOf } from '../log/tally-of.ts'
import { because } from '../model/reason.ts'
import type { Target } from '../model/target.ts'
import { longContextTokens } from '../prices/price.ts'
import { mostOutputTokens as mostOutputOf } from '../request/most-output.ts'
import { withTokenLimit } from '../request/token-limit.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunContext } from '../workspace/context.ts'

/** Requests of a tail whose cost is set aside together, and whose answers are collected together. */
const TAIL_REQUESTS = 100

/**
 * Plans every pending request into new batches: the rest of an expired batch, rows that may succeed next time, a batch
 * that had to be cut; in a tail, into such as are asked directly. Their lines are copied from the frozen files under a new
 * nonce. Nothing to do when none waits.
 */
export async function replan(context: RunContext, mostRequests = Number.POSITIVE_INFINITY): Promise<void> {
  const { disk, folder, store } = context
  if (!(await store.hasPending())) return
  const { isCanaryDue, tailBegunAt } = await store.record()
  const first = isCanaryDue ? canaryOf(context) : []
  const log = new RunLog(context, repairing(context))
  const lines = new FrozenLines({ disk, folder })
  const takeOver = takerOf(await log.weights())
  const tailRequests = tailBegunAt === null ? null : TAIL_REQUESTS
  const batcher = new Batcher({ ports: context, sink: storedSink(context), first, mostRequests, tailRequests })
  try {
    for await (const request of log.pending()) {
      const asked = askedAgain(request)
      const { target } = asked.batch.record
      const body = limited(
        context,
        request,
        target,
        bodyAgain(await lines.of(asked), request.reopening === null && tailRequests === null),
      )
      const mostOutputTokens = mostOutputOf(JSON.parse(body), target)
      const earlier = takeOver(request, {
        // A retry begins to count anew.
        tries: request.reopening ? 0 : request.newest.tries,
        turn: asked.turn,
        earlierUsd: asked.batch.plan.earlierUsdAt(asked.index),
      })
      await batcher.add({ ordinal: request.ordinal, target, body, earlier, mostOutputTokens })
    }
    await batcher.finish()
    await store.endReplanning()
  } finally {
    await lines.close()
    await batcher.close()
  }
}

/** The question that is sent again: for a retry the first one, else the newest. */
function askedAgain({ entries, newest, reopening }: PresentRequest): Entry {
  if (reopening === null) return newest
  return entries.findLast(({ turn }) => turn === 0) ?? newest
}

/** Tells of requests that were in a batch before in which one, how they are counted there, and what they bring along. */
export function takerOf(weights: RowWeights) {
  return ({ newest, ordinal }: PresentRequest, brought: Omit<EarlierEntry, 'batchKey' | 'group'>): EarlierEntry => ({
    ...brought,
    batchKey: newest.batch.record.key,
    group: groupOf(newest, weights.rowsOf(ordinal), longContextTokens(newest.batch.record.target.provider)),
  })
}

/**
 * The body that is sent again. A retry may come when no cache holds a shared beginning any more, and a tail is asked at the
 * full price; writing it would cost more than it saves.
 */
function bodyAgain(line: Uint8Array, isInBatch: boolean): string {
  return isInBatch ? bodyOf(line) : withoutCachePrefix(bodyOf(line))
}

/** Chooses what a retry asks directly first. */
function canaryOf({ provider, settings }: RunContext): readonly FirstChoice[] {
  if (!settings.canary.isOn) return []
  // A retry may have given some of the rows another limit, whatever shape they came in.
  return [new CanaryChoice(settings.canary, 'provider', (target) => provider.limits(target).canCallDirectly)]
}

/** The body with the limit of tokens that a retry has set, where it has. */
function limited({ provider }: RunContext, { reopening }: PresentRequest, target: Target, body: string): string {
  const { maxTokensField } = provider.limits(target)
  const maxTokens = reopening?.maxTokens ?? null
  if (maxTokens === null || maxTokensField === null) return body
  return withTokenLimit(body, target.provider, maxTokensField, maxTokens)
}

/** Writes batches of a run that is under way: the store may name a file once a power loss cannot take its name away. */
export function storedSink(context: RunContext): BatchSink {
  return fileSink(context, async (batch) => {
    await context.disk.syncFolder(context.folder.inputs)
    await context.store.addBatch(batch)
  })
}

/**
 * Cuts a batch into such of at most so many requests, and gives up its attempt, which was never created. Throws nothing for
 * a single request, which was refused as too large: that one is held.
 */
export async function splitAttempt(context: RunContext, attempt: AttemptRecord, mostRequests: number): Promise<void> {
  const { store } = context
  if (attempt.requestCount < 2) {
    await store.moveAttempt(attempt.key, attempt.stage, 'held', {
      heldFrom: attempt.stage,
      ...because({ kind: 'request_too_large' }),
    })
    return
  }
  await store.releaseAttempt(attempt.key, attempt.stage)
  await replan(context, mostRequests)
}
