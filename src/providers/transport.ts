/** The one way out to the network, bound by an adapter to its origin and key. */
export interface Transport {
  /**
   * One HTTP exchange. Resolves for every status, with the body still to be read; throws `ProviderError` of kind
   * `unreached` or `transport` where no answer came. Never follows redirects, never repeats a request.
   */
  send(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse>
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /**
   * True for an address that the API itself has named, which may be of another origin: a store that takes bytes without a
   * key. @default false
   */
  readonly isElsewhere?: boolean
  /** Bytes, text, or a stream with its exact length. */
  readonly body?: string | { readonly bytes: number; readonly stream: AsyncIterable<Uint8Array> }
  /** A connection of its own and this total time limit, for the call that must not be repeated. */
  readonly totalTimeoutMs?: number
  /** Longest silence, where it may be another than the transport's own. */
  readonly idleTimeoutMs?: number
}

export interface TransportResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}
