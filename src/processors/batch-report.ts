import { grouped } from '../lib/number.ts'
import type { RemoteStatus } from '../model/attempt.ts'
import type { ProcessorContext } from './processor-context.ts'
import type { ProcessorError } from './processor-error.ts'

/** Result of one batch of `runBatches`. */
export interface BatchReport {
  readonly batchId: string
  readonly path: string
  readonly requests: number
  readonly fileId: string | null
  readonly jobId: string | null
  /**
   * The job's last status; or how far it came: `not_begun`, `not_uploaded`, `not_created`, `not_watched` (the job runs
   * on), `unknown` (whether there is a job could not be found out).
   */
  readonly status: RemoteStatus | 'not_begun' | 'not_uploaded' | 'not_created' | 'not_watched' | 'unknown'
  readonly outputFileId: string | null
  readonly errorFileId: string | null
  /** The provider's reasons for the job as a whole. */
  readonly reasons: readonly string[]
  /** Why it went no further; null for a batch that was waited for to its end. */
  readonly error: ProcessorError | null
}

/** The report of a batch that nothing was done for yet. */
export function beginReport({ places }: ProcessorContext, batchId: string, requests: number): BatchReport {
  return {
    batchId,
    path: places.batch(batchId),
    requests,
    fileId: null,
    jobId: null,
    status: 'not_begun',
    outputFileId: null,
    errorFileId: null,
    reasons: [],
    error: null,
  }
}

/** A report on one line, with the step to take by hand where one is left. */
export function reportLine(report: BatchReport): string {
  const ids = [
    ['job', report.jobId],
    ['output', report.outputFileId],
    ['errors', report.errorFileId],
  ].flatMap(([name, id]) => (id === null ? [] : [`${name} ${id}`]))
  const facts = [`${grouped(report.requests)} requests`, ...ids, ...report.reasons].join(', ')
  const next = report.error?.next ? `. ${report.error.next}` : ''
  return `${report.path}: ${report.status.replaceAll('_', ' ')} (${facts})${next}`
}
