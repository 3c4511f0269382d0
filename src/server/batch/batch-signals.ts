/** Signals that cut a batch's waits short. */
export interface BatchSignals {
  /** Aborts when the server closes. */
  readonly close: AbortSignal
  /** Aborts when the server closes or the batch is cancelled. */
  readonly halt: AbortSignal
}
