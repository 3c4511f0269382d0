import { parseDuration } from '../lib/duration.ts'
import { grouped } from '../lib/number.ts'
import { beforeProcessEnds } from '../lib/process-end.ts'
import { writeToStderr } from '../lib/terminal.ts'
import { deadlineWish, type FinishOptions, type PlaceOptions } from '../library/library-options.ts'
import { openPlace } from '../library/open-place.ts'
import { EXIT, LlmBatchError } from '../model/error.ts'
import { DEFAULT_PROVIDER } from '../model/named-providers.ts'
import type { SynchronousReply } from '../providers/provider.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { type Call, callId } from './call.ts'
import { placesOf } from './call-places.ts'
import { type CallReply, errorReply, errorShapeOf } from './call-replies.ts'
import { type CallPlaces, type FetchArguments, readCall } from './call-request.ts'
import { type CallCounts, CallRun } from './call-run.ts'
import { SchemaAsks } from './schema-asks.ts'

/** Longest timer of Node, 2^31 - 1 ms: about 24 days. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Calls and bytes of calls that are gathered at most; one batch takes 50,000 requests at most providers. */
const GATHERED_CALLS = 50_000
const GATHERED_BYTES = 100_000_000

const IDLE = '1s'

/** Options of `openBatch`. */
export interface OpenBatchOptions extends PlaceOptions, Omit<FinishOptions, 'signal'> {
  /** Of the run whose rows the calls are; the same name goes on with the same run. */
  readonly name: string
  /** Whose calls are taken. @default 'openai' */
  readonly provider?: string
  /** How long no further call must have come before those that were gathered are sent, such as `500ms`. @default '1s' */
  readonly idle?: string
  /** How many calls are gathered at most before they are sent. @default 50,000 */
  readonly gather?: number
  /** `shared`: the same endpoint and body is one question, bought once. `each`: one for each call. @default 'shared' */
  readonly identical?: 'shared' | 'each'
  /**
   * What becomes of a call that batches do not take (a stream, another path or host): `refuse` answers it with an error,
   * `pass` sends it as it is, at the full price. @default 'refuse'
   */
  readonly others?: 'refuse' | 'pass'
  /**
   * How often a call with a JSON Schema is asked again whose answer does not fit it, with what was wrong; each costs money.
   * @default 0
   */
  readonly reask?: number
  /** Sends again at the start what ended without an answer and certainly without a bill. @default false */
  readonly retry?: boolean
  /** Hours that the provider may take, where it can be chosen. @default what the provider offers */
  readonly timeoutHours?: number
  /** True for no lines on standard error. @default false */
  readonly quiet?: boolean
}

/** Calls of a program, by what became of them. */
export interface BatchCounts extends CallCounts {
  /** Questions that were asked again because an answer did not fit its schema. */
  readonly reasked: number
  /** Answered with an error, because batches do not take them. */
  readonly refused: number
  /** Sent as they were, at the full price. */
  readonly passed: number
}

/** Durable calls of a named run, made by programs that know nothing of batches. */
export class OpenBatch {
  /** For the option `fetch` of a client. */
  readonly fetch: typeof fetch
  /** For the option `timeout` of a client: the longest that timers can wait, about 24 days. */
  readonly timeoutMs: number = LONGEST_TIMER_MS
  readonly #run: CallRun
  readonly #workspace: Workspace
  readonly #places: CallPlaces
  readonly #schemas: SchemaAsks
  readonly #options: OpenBatchOptions
  readonly #occurrences = new Map<string, number>()
  readonly #forgetEnd: () => void
  #reasked = 0
  #refused = 0
  #passed = 0
  #isClosed = false

  /** @internal */
  constructor(workspace: Workspace, run: CallRun, options: OpenBatchOptions) {
    this.#workspace = workspace
    this.#run = run
    this.#options = options
    this.#places = placesOf(workspace, run.provider)
    this.#schemas = new SchemaAsks(run.provider)
    this.fetch = (...given) => this.#fetch(given)
    this.#forgetEnd = beforeProcessEnds(() => this.#tellEnd())
  }

  /** The id of the run. */
  get runId(): string {
    return this.#run.id
  }

  /** The calls of this process so far. */
  get counts(): BatchCounts {
    const { asked, ...counts } = this.#run.counts
    const [reasked, refused, passed] = [this.#reasked, this.#refused, this.#passed]
    return { asked: asked - reasked, ...counts, reasked, refused, passed }
  }

  /** Sends what was gathered at once; resolves when it is kept in the run. */
  async flush(): Promise<void> {
    // A client that was called just now calls `fetch` a moment later.
    await this.#workspace.clock.sleep(0)
    await this.#run.flush()
  }

  /**
   * Lets go of the run and says what was new. Calls without an answer are rejected; nothing is cancelled at the provider, and
   * the next start goes on. May be repeated.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const { open } = this.#run.counts
    this.#say(open > 0 ? this.#openText(open) : this.#countText())
    this.#forgetEnd()
    await this.#run.close()
    await this.#workspace.close()
  }

  /** Closes it at the end of a block that holds it by `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #fetch(given: FetchArguments): Promise<Response> {
    const read = await readCall(given, this.#places)
    if ('why' in read) return await this.#other(given, read.why)
    const signal = given[1]?.signal ?? (given[0] instanceof Request ? given[0].signal : undefined)
    const reply = await unlessAborted(this.#ask(read.call), signal)
    return responseOf(reply, this.#run.id)
  }

  async #ask(call: Call): Promise<CallReply> {
    const first = await this.#run.ask(call, this.#idOf(call))
    let reply = first
    let next = (this.#options.reask ?? 0) > 0 ? await this.#schemas.again(call, reply) : null
    for (let turn = 1; next !== null; turn += 1) {
      this.#reasked += 1
      reply = await this.#run.ask(next)
      next = turn < (this.#options.reask ?? 0) ? await this.#schemas.again(next, reply) : null
    }
    // Of a question that brought no answer, the one before is what there is.
    return reply.status === 200 ? reply : first
  }

  async #other(given: FetchArguments, why: string): Promise<Response> {
    if (this.#options.others === 'pass') {
      this.#passed += 1
      return await globalThis.fetch(...given)
    }
    this.#refused += 1
    const message = `llm-batch: ${why}`
    return responseOf(
      errorReply(errorShapeOf(this.#run.provider), { code: 'not_batchable', message }, 400),
      this.#run.id,
    )
  }

  #idOf(call: Call): string {
    const id = callId(call)
    if (this.#options.identical !== 'each') return id
    const occurrence = (this.#occurrences.get(id) ?? 0) + 1
    this.#occurrences.set(id, occurrence)
    return callId(call, occurrence)
  }

  #tellEnd(): number | undefined {
    const { open } = this.#run.counts
    if (open === 0) return undefined
    this.#say(this.#openText(open))
    return EXIT.unfinished
  }

  #countText(): string {
    const { asked, fresh } = this.#run.counts
    const again = this.#reasked === 0 ? '' : ` (${counted(this.#reasked)} asked again for their schema)`
    return `${this.#run.name}: ${counted(fresh)} of ${counted(asked)} calls were new${again}`
  }

  #openText(open: number): string {
    return `${this.#countText()}, ${counted(open)} are not answered yet. Start the program again: what was sent is waited for`
  }

  #say(text: string): void {
    if (this.#options.quiet !== true) writeToStderr(`llm-batch: ${text}`)
  }
}

/**
 * Opens durable calls: `fetch` of what it returns is given to the client of an SDK, and each call becomes a row of the run
 * of this name. What the run has answered already is answered from disk, what is on its way is waited for, and only what is
 * new is bought, in batches; so killing the program and starting it again is how to go on. Throws where the key or the
 * options are wrong, `busy` where another process works with that run.
 */
export async function openBatch(options: OpenBatchOptions): Promise<OpenBatch> {
  const { deadline, forceModel, gather = GATHERED_CALLS, idle = IDLE, ignoreStopLoss, name, priority, tail } = options
  const { budget, provider = DEFAULT_PROVIDER, retry, timeoutHours } = options
  const idleMs = parseDuration(idle)
  if (idleMs === undefined) {
    throw new LlmBatchError('usage', `${JSON.stringify(idle)} is not a duration`, {
      next: 'Write it like 500ms or 2s.',
    })
  }
  const workspace = await openPlace(options)
  try {
    const run = await CallRun.open(workspace, {
      name,
      provider,
      timeoutHours,
      retries: retry,
      maxCostUsd: budget?.maxCostUsd,
      gathering: { idleMs, calls: gather, bytes: GATHERED_BYTES },
      steering: { deadline: deadlineWish(deadline), forceModel, ignoreStopLoss, priority, tail },
    })
    return new OpenBatch(workspace, run, options)
  } catch (error) {
    await workspace.close()
    throw error
  }
}

function responseOf({ body, status }: SynchronousReply, runId: string): Response {
  const headers = new Headers({ 'content-type': 'application/json', 'x-llm-batch-run': runId })
  // The answer is kept: asked again it is the same.
  if (status >= 400) headers.set('x-should-retry', 'false')
  return new Response(body, { status, headers })
}

/** The call stays in the run where its client gives it up. */
function unlessAborted<Result>(waiting: Promise<Result>, signal: AbortSignal | null | undefined): Promise<Result> {
  if (!signal) return waiting
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function counted(count: number): string {
  return grouped(count)
}
