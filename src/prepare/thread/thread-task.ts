import type { MessagePort } from 'node:worker_threads'
import type { InputOptions } from '../../input/open.ts'
import type { RunDefinition } from '../../model/run.ts'
import type { Target } from '../../model/target.ts'
import type { Limits } from '../../providers/provider.ts'
import type { PackedRows } from './packed-rows.ts'
import type { PassedError } from './passed-error.ts'

/** An input that a thread is to prepare. */
export interface ThreadTask {
  readonly definition: RunDefinition
  readonly input: Omit<InputOptions, 'disk'>
  readonly isCountingTokens: boolean
}

/** All that a thread is started with. */
export interface ThreadData {
  readonly task: ThreadTask
  /** Brings answers to questions for limits. */
  readonly answers: MessagePort
  /** One number, set and notified once an answer is there. */
  readonly signal: Int32Array
}

/** Message of the thread that prepares. */
export type FromThread =
  /** The next rows, and how many were read so far. */
  | { readonly is: 'rows'; readonly rows: PackedRows; readonly read: number }
  /** There are no more rows. */
  | { readonly is: 'end'; readonly read: number }
  /** The input, or the definition, does not let it go on. */
  | { readonly is: 'failure'; readonly error: PassedError }
  /** The thread waits for the limits of a target. */
  | { readonly is: 'question'; readonly target: Target }

/** Message to the thread that prepares: so many characters of rows were taken since the last one. */
export type ToThread = number

/** Answer to a question. */
export type LimitsAnswer = { readonly limits: Limits } | { readonly error: PassedError }
