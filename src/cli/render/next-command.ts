import { isFinished, type RunState } from '../../model/run.ts'
import type { RequestCounts } from '../../store/store.ts'

/** What can be done next about a run, as a command with its purpose; null where nothing is left. */
export function nextStep(runId: string, state: RunState, counts: RequestCounts): string | null {
  if (state === 'held') return `llm-batch resume ${runId}   (after the cause is gone)`
  if (!isFinished(state)) return `llm-batch resume ${runId}`
  if (counts.expired + counts.cancelled + counts.missing + counts.failed > 0) {
    return `llm-batch retry ${runId}   (sends unfinished rows and unbilled failures again)`
  }
  if (counts.truncated > 0) {
    return `llm-batch retry ${runId} --status truncated --max-tokens N   (buys the cut answers again)`
  }
  return null
}
