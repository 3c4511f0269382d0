import { LlmBatchError } from '../model/error.ts'
import { commandLine, mention } from '../model/options/mention.ts'

/** The refusal of a lock that another process holds. */
export function busyRun(runId: string, cause?: unknown): LlmBatchError {
  return new LlmBatchError('busy', `another process is working on run ${runId}`, {
    next: `Wait for it, stop it, or watch it with: ${commandLine('status', runId, mention('watch'))}`,
    cause,
  })
}
