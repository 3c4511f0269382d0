import { placedResult } from '../log/log-batch.ts'
import type { LogPorts } from '../log/ports.ts'
import { DAMAGED, ResultLines } from '../log/result-lines.ts'
import { type PresentRequest, type RepairOutcomes, RunLog } from '../log/run-log.ts'
import { commandLine, inFlags, mention } from '../model/options/mention.ts'
import { CHAT_ENDPOINT, type Target } from '../model/target.ts'
import type { Provider, SynchronousReply, SynchronousShape } from '../providers/provider.ts'
import type { RunStore } from '../store/store.ts'

/** Status of an answer that says why there is none: clients do not repeat such a call by themselves. */
const NOT_ANSWERED_STATUS = 424

/** Lines read together: answers such as embeddings are long. */
const PART_REQUESTS = 200

/** Sources of replies. */
export interface ReplySources extends LogPorts {
  readonly store: RunStore
  readonly repair: RepairOutcomes
  /** Of the run, for messages. */
  readonly name: string
  readonly provider: Provider
}

/** Answer to a call. */
export interface CallReply extends SynchronousReply {
  /** The text of the answer; null where there is none. */
  readonly output: () => string | null
}

/** Reads the answers to requests of a run as synchronous calls would have brought them. */
export class CallReplies {
  readonly #sources: ReplySources
  readonly #log: RunLog

  constructor(sources: ReplySources) {
    this.#sources = sources
    this.#log = new RunLog(sources, sources.repair)
  }

  /** The replies of those of these requests, in rising order, that have come to an end. */
  async *of(ordinals: readonly number[]): AsyncIterable<readonly [ordinal: number, reply: CallReply]> {
    const lines = new ResultLines(this.#sources)
    try {
      let part: PresentRequest[] = []
      for await (const request of this.#log.some(ordinals)) {
        if (isAnswered(request)) part.push(request)
        if (part.length < PART_REQUESTS) continue
        yield* await this.#read(part, lines)
        part = []
      }
      yield* await this.#read(part, lines)
    } finally {
      await lines.close()
    }
  }

  /** Where a request goes and its reply, null while there is none; undefined for one that no batch has held yet. */
  async look(ordinal: number): Promise<{ readonly target: Target; readonly reply: CallReply | null } | undefined> {
    const lines = new ResultLines(this.#sources)
    try {
      for await (const request of this.#log.some([ordinal])) {
        const { target } = request.newest.batch.record
        if (!isAnswered(request)) return { target, reply: null }
        for (const [, reply] of await this.#read([request], lines)) return { target, reply }
      }
      return undefined
    } finally {
      await lines.close()
    }
  }

  async #read(
    requests: readonly PresentRequest[],
    lines: ResultLines,
  ): Promise<readonly (readonly [number, CallReply])[]> {
    const results = requests.map(({ newest }) => ({ result: placedResult(newest) }))
    const raw = await lines.of(results)
    return requests.map((request, index) => [request.ordinal, this.#replyTo(request, raw[index] ?? null)])
  }

  #replyTo({ newest, state }: PresentRequest, line: string | typeof DAMAGED | null): CallReply {
    const { target } = newest.batch.record
    const shape = this.#sources.provider.synchronous?.(target.endpoint)
    if (line === DAMAGED) {
      return errorReply(shape, {
        code: 'damaged',
        message: 'the answer was collected, and is damaged on the disk since',
      })
    }
    const reply = line === null ? undefined : shape?.replyOf(line)
    if (line !== null && reply) {
      return { ...reply, output: () => this.#sources.provider.decode(line, target)?.outcome.output ?? null }
    }
    const { billed = 'no', code = null, reason = null } = newest.result ?? {}
    const what = reason?.replace(/\.$/, '') ?? `the request ended as ${state}, without an answer`
    const again = commandLine('retry', this.#sources.name, ...(billed === 'no' ? [] : [mention('status', state)]))
    return errorReply(shape, { code: code ?? state, message: inFlags(`${what}. Send it again with: ${again}`) })
  }
}

/** An answer that is an error of ours, in the words of the API that was called. */
export function errorReply(
  shape: SynchronousShape | undefined,
  problem: { readonly code: string; readonly message: string },
  status = NOT_ANSWERED_STATUS,
): CallReply {
  return { output: () => null, status, body: shape?.errorBody(problem) ?? JSON.stringify({ error: problem }) }
}

/** The form of errors, which is the same at all endpoints of a provider; undefined where it has none. */
export function errorShapeOf(provider: Provider): SynchronousShape | undefined {
  const { endpoints } = provider.limits({ provider: provider.name, endpoint: CHAT_ENDPOINT, model: '' })
  return endpoints.map((endpoint) => provider.synchronous?.(endpoint)).find((shape) => shape !== undefined)
}

function isAnswered({ reopening, state }: PresentRequest): boolean {
  return reopening === null && state !== 'pending' && state !== 'batched'
}
