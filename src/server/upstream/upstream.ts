/** The way to a server of models; what leads there, key and network, belongs to the program that starts the server. */
export interface Upstream {
  /** Its address, for people. */
  readonly url: string
  /** Asks once: nothing is repeated, and no redirect followed. Never rejects. */
  post(call: UpstreamCall, signal: AbortSignal): Promise<UpstreamReply>
  /** The list of its models. Never rejects. */
  models(signal: AbortSignal): Promise<UpstreamReply>
}

export interface UpstreamCall {
  /** Below the address, such as `/chat/completions`. */
  readonly path: string
  /** JSON. */
  readonly body: string
  /** From the connection to the last byte of the answer. */
  readonly timeoutMs: number
}

/**
 * Reply of a server of models. `unreached`: no connection came about, so that it has seen nothing. `lost`: it may have
 * seen the call, and no whole answer came.
 */
export type UpstreamReply =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly text: string
      /** How long it asks to wait; null where it does not. */
      readonly retryAfterMs: number | null
    }
  | { readonly kind: 'unreached'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string }
