import { type BatchRecord, type DialectName, isFinal } from './record.ts'

/** Book of one queue: that of one model in one account. */
export interface QueueBook {
  readonly provider: DialectName
  readonly account: string
  readonly model: string
  /** The most input tokens that its batches held at one instant, each from its validation to its end. */
  readonly mostTokens: number
}

/** Tokens that come into a queue at an instant, or leave it. */
interface Change {
  readonly at: number
  readonly tokens: number
}

/** How full each queue was at most; what was refused never came into it. */
export function queueBooksOf(batches: Iterable<BatchRecord>): readonly QueueBook[] {
  const queues = new Map<string, Omit<QueueBook, 'mostTokens'> & { readonly changes: Change[] }>()
  for (const { account, dialect: provider, enteredAtMs, model, phase, queuedTokens: tokens } of batches) {
    const from = enteredAtMs.running
    if (model === null || from === undefined) continue
    const key = JSON.stringify([provider, account, model])
    const queue = queues.get(key) ?? { provider, account, model, changes: [] }
    queue.changes.push({ at: from, tokens })
    const until = isFinal(phase) ? enteredAtMs[phase] : undefined
    if (until !== undefined) queue.changes.push({ at: until, tokens: -tokens })
    queues.set(key, queue)
  }
  return [...queues.values()].map(({ changes, ...queue }) => ({ ...queue, mostTokens: mostAtOnce(changes) }))
}

/** Of what happens in one millisecond, the ends come first: the queue was never fuller than its limit allowed. */
function mostAtOnce(changes: readonly Change[]): number {
  let [tokens, most] = [0, 0]
  for (const change of changes.toSorted((one, other) => one.at - other.at || one.tokens - other.tokens)) {
    tokens += change.tokens
    most = Math.max(most, tokens)
  }
  return most
}
