import { fileSink } from '../batching/batch-sinks.ts'
import { Batcher, type BatchSink } from '../batching/batcher.ts'
import { CanaryChoice } from '../batching/canary-choice.ts'
import type { DiskFile } from '../lib/disk.ts'
import { bodyOf } from '../log/frozen-line.ts'
import { because } from '../model/reason.ts'
import { mostOutputTokens as mostOutputOf } from '../request/most-output.ts'
import { withTokenLimit } from '../request/token-limit.ts'
import type { AttemptRecord, PendingRequest } from '../store/store.ts'
import type { RunContext } from '../workspace/context.ts'

/** Pending requests read from the store at once. */
const PAGE_REQUESTS = 2_000

/**
 * Plans every pending request into new batches: the rest of an expired batch, rows that may succeed next time, a batch
 * that had to be cut. Their lines are copied from the frozen files under a new nonce. Nothing to do when none waits.
 */
export async function replan(context: RunContext, mostRequests = Number.POSITIVE_INFINITY): Promise<void> {
  if (!(await context.store.hasPending())) return
  const { isCanaryDue } = await context.store.record()
  const canary = isCanaryDue ? canaryOf(context) : null
  const copier = new LineCopier(context)
  const sink = storedSink(context)
  const batcher = new Batcher({ ports: context, sink, canary, mostRequests })
  try {
    for await (const request of pendingRequests(context)) {
      const body = limited(context, request, bodyOf(await copier.read(request)))
      const { ordinal, target } = request
      const mostOutputTokens = mostOutputOf(JSON.parse(body), target)
      await batcher.add({ ordinal, target, row: null, body, mostOutputTokens })
    }
    await batcher.finish()
    if (isCanaryDue) await context.store.endCanaryDue()
  } finally {
    await copier.close()
    await batcher.close()
  }
}

/** Chooses what a retry asks directly first; null where nothing is to be asked. */
function canaryOf({ provider, settings }: RunContext): CanaryChoice | null {
  if (!settings.canary.isOn) return null
  // A retry may have given some of the rows another limit, whatever shape they came in.
  return new CanaryChoice(settings.canary, 'provider', (target) => provider.limits(target).canCallDirectly)
}

/** The body with the limit of tokens that a retry has set, where it has. */
function limited({ provider }: RunContext, { maxTokens, target }: PendingRequest, body: string): string {
  const { maxTokensField } = provider.limits(target)
  if (maxTokens === null || maxTokensField === null) return body
  return withTokenLimit(body, target.provider, maxTokensField, maxTokens)
}

/** Writes batches of a run that is under way: the store may name a file once a power loss cannot take its name away. */
export function storedSink(context: RunContext): BatchSink {
  return fileSink(context, () => context.disk.syncFolder(context.folder.inputs))
}

async function* pendingRequests({ store }: RunContext): AsyncIterable<PendingRequest> {
  let after = -1
  for (;;) {
    const page = await store.pendingRequests(after, PAGE_REQUESTS)
    yield* page
    const last = page.at(-1)
    if (!last) return
    after = last.ordinal
  }
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

/** Reads frozen lines, keeping the file at hand open while neighbours come from it. */
export class LineCopier {
  readonly #context: RunContext
  #name: string | undefined
  #file: DiskFile | undefined

  constructor(context: RunContext) {
    this.#context = context
  }

  async read(request: PendingRequest): Promise<Uint8Array> {
    if (this.#name !== request.inputName || !this.#file) {
      await this.close()
      this.#file = await this.#context.disk.open(this.#context.folder.input(request.inputName), 'read')
      this.#name = request.inputName
    }
    return await this.#file.read(request.offset, request.length)
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }
}
