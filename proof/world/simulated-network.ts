import type { Clock } from '../../src/lib/clock.ts'
import { type FailureKind, ProviderError } from '../../src/providers/provider.ts'
import { type Transport, type TransportRequest, type TransportResponse } from '../../src/providers/transport.ts'
import { call, type HttpAnswer, Line, type Message } from './exchange.ts'
import { gatewayAnswer } from './gateway-answer.ts'
import type { Life } from './life.ts'
import type { SimulatedProvider } from './simulated-provider.ts'

/** What the network does to a call; the provider's own faults come on top. */
export const NETWORK_FAULTS = [
  'refused',
  'lost request',
  'lost answer',
  'reset before',
  'reset after',
  'half answer',
  'arrives late',
] as const

export type NetworkFault = (typeof NETWORK_FAULTS)[number]

/** Calls by their purpose, in the words of the server's fault rules. */
export type CallName = 'upload' | 'create' | 'get' | 'list' | 'content' | 'file' | 'delete' | 'cancel' | 'direct'

/** Fate of a call. */
export interface Trouble {
  readonly fault: NetworkFault
  /** How late a call arrives that arrives late; infinity for never. */
  readonly lateMs: number
  /** What answers in the provider's place meanwhile, see `gatewayAnswer`; null for a reset connection. */
  readonly answer: string | null
}

/** Chooses what happens to each call. */
export type Weather = (call: CallName) => Trouble | undefined

/** Record of an exchange, for traces and for the judge. */
export interface NetworkNews {
  /** Gives what is to be told how the call ended for its caller; nothing is told where the caller learnt nothing. */
  readonly onSent: (call: CallName, message: Message) => (end: HttpAnswer | 'unreached') => void
  /** `isHeard` is false where the call arrived when its caller had long given up. */
  readonly onDelivered: (call: CallName, message: Message, answer: HttpAnswer | null, isHeard: boolean) => void
}

export interface NetworkOptions {
  readonly provider: SimulatedProvider
  /** The client's life and clock. */
  readonly life: Life
  readonly clock: Clock
  /** The provider's clock, on which late calls travel also when the client is dead. */
  readonly outerClock: Clock
  readonly idleTimeoutMs: number
  readonly weather: Weather
  readonly news: NetworkNews
}

/** The way from one client process to the provider. Three steps a call: about to be sent, received, answered. */
export function simulatedTransport(options: NetworkOptions): Transport {
  return { send: (request, signal) => new Exchange(options, request, signal).run() }
}

class Exchange {
  readonly #options: NetworkOptions
  readonly #request: TransportRequest
  readonly #signal: AbortSignal
  readonly #line = new Line()
  readonly #call: CallName
  readonly #timeoutMs: number

  constructor(options: NetworkOptions, request: TransportRequest, signal: AbortSignal) {
    this.#options = options
    this.#request = request
    this.#signal = signal
    this.#call = callOf(request)
    this.#timeoutMs = request.totalTimeoutMs ?? options.idleTimeoutMs
  }

  async run(): Promise<TransportResponse> {
    const { life } = this.#options
    const message = await messageOf(this.#request)
    const name = `${this.#call} (${this.#request.method} ${this.#request.url.pathname})`
    await life.pass(`send ${name}`)
    const trouble = this.#options.weather(this.#call)
    const tellEnd = this.#options.news.onSent(this.#call, message)
    if (trouble?.fault === 'refused') tellEnd('unreached')
    const instead = await this.#beforeDelivery(trouble, message)
    if (instead) tellEnd(instead)
    if (instead) return { status: instead.status, headers: instead.headers, body: this.#bodyOf(instead, undefined) }
    const answering = this.#deliver(message)
    await life.pass(`received ${name}`)
    const answer = await this.#awaitAnswer(answering)
    if (trouble?.fault === 'lost answer') await this.#silence()
    if (trouble?.fault === 'reset after') throw this.#failed('transport', 'the connection was reset')
    await life.pass(`answered ${name}`)
    if (trouble?.fault !== 'half answer') tellEnd(answer)
    return { status: answer.status, headers: answer.headers, body: this.#bodyOf(answer, trouble) }
  }

  /** Faults that keep the request from arriving now; the answer of what stands in between, where it gives one. */
  async #beforeDelivery(trouble: Trouble | undefined, message: Message): Promise<HttpAnswer | undefined> {
    switch (trouble?.fault) {
      case 'refused':
        throw this.#failed('unreached', 'the connection was refused')
      case 'reset before':
        throw this.#failed('transport', 'the connection was reset')
      case 'lost request':
        return await this.#silence()
      case 'arrives late':
        this.#deliverLater(trouble.lateMs, message)
        if (trouble.answer === 'hang') return await this.#silence()
        if (trouble.answer !== null && trouble.answer !== 'reset') return gatewayAnswer(trouble.answer)
        throw this.#failed('transport', 'the connection was reset')
      case 'lost answer':
      case 'reset after':
      case 'half answer':
      case undefined:
        return undefined
    }
  }

  #deliverLater(lateMs: number, message: Message): void {
    if (lateMs === Number.POSITIVE_INFINITY) return
    void this.#options.outerClock.sleep(lateMs).then(() => this.#deliver(message, false))
  }

  async #deliver(message: Message, isHeard = true): Promise<HttpAnswer | null> {
    const answer = await call(this.#options.provider.app, message, this.#line)
    this.#options.news.onDelivered(this.#call, message, answer, isHeard)
    return answer
  }

  /** The answer, unless the server breaks off, time runs out, or the caller gives up. */
  async #awaitAnswer(answering: Promise<HttpAnswer | null>): Promise<HttpAnswer> {
    const over = new AbortController()
    const patience = AbortSignal.any([this.#signal, over.signal])
    const late = this.#options.clock.sleep(this.#timeoutMs, patience).then(() => 'late' as const)
    const broken = new Promise<'broken'>((resolve) => this.#line.once('close', () => resolve('broken')))
    const outcome = await Promise.race([answering, late, broken])
    if (outcome === 'late') this.#line.destroy()
    over.abort()
    if (outcome === 'late') throw this.#failed('transport', 'no answer in time')
    if (outcome === 'broken' || outcome === null) throw this.#failed('transport', 'the connection was reset')
    return outcome
  }

  async #silence(): Promise<never> {
    await this.#options.clock.sleep(this.#timeoutMs, this.#signal)
    throw this.#failed('transport', 'no answer in time')
  }

  async *#bodyOf({ body, headers }: HttpAnswer, trouble: Trouble | undefined): AsyncIterable<Uint8Array> {
    await this.#options.life.live()
    const declared = Number(headers['content-length'] ?? body.length)
    if (trouble?.fault === 'half answer') {
      yield body.subarray(0, Math.floor(body.length / 2))
      throw this.#failed('transport', 'the answer broke off')
    }
    if (body.length > 0) yield body
    if (body.length < declared) throw this.#failed('transport', 'the answer broke off')
  }

  #failed(kind: FailureKind, reason: string): ProviderError {
    const { method, url } = this.#request
    const message = `${method} ${url.origin}${url.pathname}: ${reason}`
    return new ProviderError({ kind, message, status: null, code: null, requestId: null, retryAfterMs: null })
  }
}

async function messageOf({ body, headers, method, url }: TransportRequest): Promise<Message> {
  if (body === undefined) return { method, url, headers, body: null }
  if (typeof body === 'string') return { method, url, headers, body: Buffer.from(body) }
  const pieces: Uint8Array[] = []
  for await (const piece of body.stream) pieces.push(Buffer.from(piece))
  const whole = Buffer.concat(pieces)
  return { method, url, headers: { ...headers, 'content-length': String(body.bytes) }, body: whole }
}

function callOf({ method, url }: TransportRequest): CallName {
  const path = url.pathname
  if (/[/:]cancel$/.test(path)) return 'cancel'
  if (/\/content$|\/results$|:download$/.test(path)) return 'content'
  if (path.endsWith('/files')) return 'upload'
  if (path.includes('/files/')) return method === 'DELETE' ? 'delete' : 'file'
  if (/\/completions$|\/messages$|:generateContent$/.test(path)) return 'direct'
  if (method === 'POST') return 'create'
  return /\/(?:batches|jobs)$/.test(path) ? 'list' : 'get'
}
