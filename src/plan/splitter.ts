import type { BatchKind } from '../model/batch.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { Limits } from '../providers/provider.ts'
import { type RequestLoad, USUAL_LOAD } from './request-load.ts'

/** The limits that decide where a batch is cut. */
export type CutLimits = Pick<Limits, 'maxRequests' | 'maxBytes' | 'queueTokens' | 'queueRequests'> &
  Partial<Pick<Limits, 'maxInputs' | 'maxOutputBytes'>>

/** A batch as the plan knows it. */
export interface BatchCut {
  /** Position among all batches of the run, from 0, in the order in which they were begun. */
  readonly ordinal: number
  readonly target: Target
  readonly requests: number
  /** Bytes of its input file, line feeds counted. */
  readonly bytes: number
  /** Estimated input tokens. */
  readonly tokens: number
  /** @default 'batch' */
  readonly kind?: BatchKind | undefined
}

/** Batch that a request belongs to. */
export interface Placement {
  /** The ordinal of the request's batch. */
  readonly batch: number
  /** The batch of the same target that is complete now, because this request did not fit into it. */
  readonly closed: BatchCut | null
}

/** Cuts each target's requests into batches, in order; pure memory, one open batch per target. */
export interface Splitter {
  /**
   * Places the next request of a target. `lineBytes` are the encoded line's bytes without line feed, `tokens` its
   * estimated input tokens. @default one input, and an answer that no limit notices
   * @throws RangeError for a line that fits into no batch; the request room refuses such a row before
   */
  place(target: Target, lineBytes: number, tokens: number, load?: RequestLoad): Placement
  /** Closes the open batches, in the order in which they were begun; nothing can be placed afterwards. */
  finish(): readonly BatchCut[]
}

/** A line feed ends every line of an input file. */
const LINE_FEED_BYTES = 1

interface OpenBatch {
  readonly ordinal: number
  readonly target: Target
  readonly limits: CutLimits
  requests: number
  bytes: number
  tokens: number
  inputs: number
  outputBytes: number
}

/**
 * Makes a splitter. A batch is cut when the next request would exceed the limits' requests or bytes, or what may wait in
 * the provider's queue: a batch larger than that queue would never start. Inputs and the bytes of answers are limited too.
 * Because tokens and answers are only estimated, a single request above their limit gets a batch of its own. The limits are
 * asked for once for each batch, with the ordinal that it will have.
 */
export function createSplitter(limitsOf: (target: Target, ordinal: number) => CutLimits): Splitter {
  const open = new Map<string, OpenBatch>()
  let batches = 0

  const begin = (target: Target): OpenBatch => {
    const limits = limitsOf(target, batches)
    const batch = { ordinal: batches, target, limits, requests: 0, bytes: 0, tokens: 0, inputs: 0, outputBytes: 0 }
    batches += 1
    return batch
  }

  return {
    place(target, lineBytes, tokens, load = USUAL_LOAD) {
      const key = targetKey(target)
      const current = open.get(key)
      const bytes = lineBytes + LINE_FEED_BYTES
      const isCut = current !== undefined && !fits(current, bytes, tokens, load)
      const batch = current && !isCut ? current : begin(target)
      if (bytes > batch.limits.maxBytes) {
        throw new RangeError(`a request of ${bytes} bytes does not fit into a batch of ${batch.limits.maxBytes}`)
      }
      if (batch !== current) open.set(key, batch)
      batch.requests += 1
      batch.bytes += bytes
      batch.tokens += tokens
      batch.inputs += load.inputs
      batch.outputBytes += load.outputBytes
      return { batch: batch.ordinal, closed: isCut ? cutOf(current) : null }
    },

    finish() {
      const cuts = [...open.values()].map(cutOf).sort((one, other) => one.ordinal - other.ordinal)
      open.clear()
      return cuts
    },
  }
}

function fits(batch: OpenBatch, bytes: number, tokens: number, load: RequestLoad): boolean {
  const { maxRequests, queueRequests, maxBytes, maxInputs, maxOutputBytes, queueTokens } = batch.limits
  return (
    batch.requests + 1 <= Math.min(maxRequests, queueRequests ?? maxRequests) &&
    batch.bytes + bytes <= maxBytes &&
    (queueTokens === null || batch.tokens + tokens <= queueTokens) &&
    batch.inputs + load.inputs <= (maxInputs ?? Number.POSITIVE_INFINITY) &&
    batch.outputBytes + load.outputBytes <= (maxOutputBytes ?? Number.POSITIVE_INFINITY)
  )
}

function cutOf({ ordinal, target, requests, bytes, tokens }: OpenBatch): BatchCut {
  return { ordinal, target, requests, bytes, tokens }
}
