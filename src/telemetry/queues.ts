import { isTelemetrySetUp } from './find-api.ts'

/** Work of a home at a provider for one model. Tokens are estimates. */
export interface QueuedTokens {
  /** By its name in the conventions. */
  readonly provider: string
  readonly model: string
  readonly tokens: number
  readonly requests: number
}

/** A home whose runs are worked on in this process. */
export interface QueueSource {
  /** Unlike that of any other home; a home may be open several times. */
  readonly home: string
  readonly read: () => Promise<readonly QueuedTokens[]>
}

/** Homes at work in this process, each with what may read it. */
const sources = new Map<string, Set<QueueSource>>()

/** What was read last of each home, by model; a queue that is empty by now is told as such. */
const lastRead = new Map<string, Map<string, QueuedTokens>>()

/**
 * Has the queues of a home told with every reading of metrics, until what is returned is called; what that reads is told from
 * then on, because this process does not look any more. Where no SDK is set up by now, the home is never read.
 */
export function watchQueues(source: QueueSource): () => Promise<void> {
  if (!isTelemetrySetUp()) return async () => undefined
  const same = sources.get(source.home) ?? new Set()
  sources.set(source.home, same.add(source))
  return async () => {
    same.delete(source)
    if (same.size === 0) sources.delete(source.home)
    // What ended the work may be that the home cannot be read any more; then the reading before stays.
    if (lastRead.has(source.home)) await readQueues(source).catch(() => undefined)
  }
}

/** What homes have in queues, by model: those that are watched as they are now. */
export async function queuedNow(): Promise<readonly QueuedTokens[]> {
  for (const [source] of sources.values()) if (source) await readQueues(source)
  const sums = new Map<string, QueuedTokens>()
  for (const [key, queued] of [...lastRead.values()].flatMap((models) => [...models])) {
    const { requests = 0, tokens = 0 } = sums.get(key) ?? {}
    sums.set(key, { ...queued, tokens: tokens + queued.tokens, requests: requests + queued.requests })
  }
  return [...sums.values()]
}

async function readQueues({ home, read }: QueueSource): Promise<void> {
  const queues = await read()
  const models = lastRead.get(home) ?? new Map<string, QueuedTokens>()
  for (const [key, known] of models) models.set(key, { ...known, tokens: 0, requests: 0 })
  for (const queue of queues) models.set(JSON.stringify([queue.provider, queue.model]), queue)
  lastRead.set(home, models)
}
