import { emptyOutcome } from '../model/outcome.ts'
import type { RequestResult } from '../model/request-result.ts'
import type { RemoteBatch, RemoteProblem } from '../providers/provider.ts'
import { requestResult } from './request-result.ts'

/** The next step after the provider refused a whole batch, unbilled. */
export type Refusal =
  /** The queue is full: the same requests later, without costing a try. */
  | { readonly kind: 'queue_full'; readonly words: string; readonly limitTokens: number | null }
  /** Some lines are at fault: those fail, the others are sent again without them. */
  | { readonly kind: 'bad_lines'; readonly problems: ReadonlyMap<number, RemoteProblem> }
  /** What the provider says concerns the whole batch: a person must decide. */
  | { readonly kind: 'whole'; readonly code: string | null; readonly words: string }

/** Judges the reasons of a refused batch; `line` counts from 1 in the input file. */
export function judgeRefusal(remote: RemoteBatch): Refusal {
  for (const { message, queueFull } of remote.errors) {
    if (queueFull) return { kind: 'queue_full', words: message, ...queueFull }
  }
  const lines = new Map<number, RemoteProblem>()
  for (const problem of remote.errors) if (problem.line !== null) lines.set(problem.line, problem)
  if (lines.size > 0) return { kind: 'bad_lines', problems: lines }
  const [first] = remote.errors
  return {
    kind: 'whole',
    code: first?.code ?? null,
    words: first?.message ?? `the provider refused the batch (${remote.rawStatus}) and gave no reason`,
  }
}

/** The result of a request in a batch with bad lines: one with a problem of its own fails for good, others are sent again. */
export function refusedResult(problem: RemoteProblem | undefined, isCancelling: boolean): RequestResult {
  const outcome = emptyOutcome({
    status: problem || !isCancelling ? 'failed' : 'cancelled',
    code: problem ? (problem.code ?? 'refused_line') : 'batch_refused',
    reason: problem ? problem.message : 'another line of the same batch was refused, so none was answered',
    billed: 'no',
  })
  const verdict = problem || isCancelling ? 'final' : 'again'
  return requestResult(outcome, null, { verdict, countsAsTry: true })
}
