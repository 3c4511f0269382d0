import { parseDuration } from '../lib/duration.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { FileConfiguration } from './file-schema.ts'
import type { Waits } from './settings.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const DEFAULTS = {
  poll: 15 * SECOND,
  settle: 10 * MINUTE,
  unfenced: 30 * MINUTE,
  http: 60 * SECOND,
  direct: 10 * MINUTE,
  windUp: 15 * MINUTE,
  retryBackoff: 5 * SECOND,
  retryAfterMost: HOUR,
  absent: 6 * HOUR,
  queue: MINUTE,
}

/** `pollMost`, counted in first intervals. */
const POLL_MOST_FACTOR = 20

/** The longest wait for a queue, counted in first ones: four hours by default. */
const QUEUE_MOST_FACTOR = 240

/** The longest wait after failed calls, counted in first ones. */
const RETRY_MOST_FACTOR = 120

/** The waits in force: the user's own interval over the file's over the defaults, checked against each other. */
export function mergeWaits(file: FileConfiguration['waits'], pollInterval: string | undefined): Waits {
  const pollMs = milliseconds(mention('pollInterval'), pollInterval) ?? inFile(file, 'poll') ?? DEFAULTS.poll
  const httpMs = inFile(file, 'http') ?? DEFAULTS.http
  const settleMs = inFile(file, 'settle') ?? Math.max(DEFAULTS.settle, httpMs)
  const retryMs = inFile(file, 'retryBackoff') ?? DEFAULTS.retryBackoff
  const queueMs = inFile(file, 'queue') ?? DEFAULTS.queue
  const queueMostMs = inFile(file, 'queueMost') ?? queueMs * QUEUE_MOST_FACTOR
  const pollMostMs = inFile(file, 'pollMost') ?? pollMs * POLL_MOST_FACTOR
  if (settleMs < httpMs) {
    throw contradiction('settle', 'http', 'A create may still arrive at the provider until its time limit is over.')
  }
  if (pollMostMs < pollMs && pollInterval === undefined) {
    throw contradiction('pollMost', 'poll', 'waits.pollMost is the longest interval and waits.poll the first.')
  }
  return {
    pollMs,
    pollMostMs: Math.max(pollMs, pollMostMs),
    settleMs,
    unfencedMs: inFile(file, 'unfenced') ?? Math.max(DEFAULTS.unfenced, settleMs),
    httpMs,
    directMs: inFile(file, 'direct') ?? DEFAULTS.direct,
    windUpMs: inFile(file, 'windUp') ?? DEFAULTS.windUp,
    retryBackoff: { firstMs: retryMs, factor: 2, mostMs: retryMs * RETRY_MOST_FACTOR },
    retryAfterMostMs: inFile(file, 'retryAfterMost') ?? DEFAULTS.retryAfterMost,
    absentMs: inFile(file, 'absent') ?? DEFAULTS.absent,
    queueBackoff: { firstMs: queueMs, factor: 2, mostMs: Math.max(queueMs, queueMostMs) },
  }
}

function inFile(file: FileConfiguration['waits'], name: keyof NonNullable<typeof file>): number | undefined {
  return milliseconds(`waits.${name}`, file?.[name])
}

function milliseconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const parsed = parseDuration(text)
  // A wait of nothing would look at the provider without pause.
  if (parsed !== undefined && parsed > 0) return parsed
  throw new LlmBatchError('configuration', `${name} is ${JSON.stringify(text)}, which is not a duration above zero`, {
    next: 'Write a duration such as 200ms, 30s, 10m, 2h.',
  })
}

function contradiction(small: string, large: string, reason: string): LlmBatchError {
  return new LlmBatchError('configuration', `waits.${small} must be at least as long as waits.${large}`, {
    next: `${reason} Raise waits.${small} or lower waits.${large}.`,
  })
}
