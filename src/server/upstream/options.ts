import type { Upstream } from './upstream.ts'

/** Manner in which requests are passed on to a server of models. */
export interface UpstreamOptions {
  readonly upstream: Upstream
  /** Requests that are on their way at once, over all batches. @default 4 */
  readonly concurrency?: number | undefined
  /** Time for one request, from the connection to the last byte of the answer. @default 600,000 */
  readonly rowTimeoutMs?: number | undefined
  /**
   * True where a request that may have been executed is asked again, up to three times: for models that cost nothing. Without
   * it the request gets an error that says so. @default false
   */
  readonly retriesExecuted?: boolean | undefined
  /** First wait after a refusal that does not say how long to wait. @default 1,000 */
  readonly backoffMs?: number | undefined
  /** Called when the server of models begins to refuse or cannot be reached, with what it said. @default nothing */
  readonly onTrouble?: ((reason: string) => void) | undefined
}

export const DEFAULT_CONCURRENCY = 4

/** As long as the official SDKs wait: a model that thinks may say nothing for minutes. */
export const DEFAULT_ROW_TIMEOUT_MS = 600_000
