import { isFinished, type RunState } from '../../model/run.ts'
import type { RequestCounts } from '../../store/store.ts'

/** What can be done next about a run, as a command with its purpose; null where nothing is left. */
export function nextStep(runId: string, state: RunState, counts: RequestCounts): string | null {
  if (state === 'held') return `llm-batch resume ${runId}   (after the cause is gone)`
  if (!isFinished(state)) return `llm-batch resume ${runId}`
  if (counts.expired + counts.cancelled + counts.missing + counts.failed > 0) {
    return `llm-batch retry ${runId}   (sends unfinished rows and unbilled failures again)`
  }
  const billed = (['truncated', 'refused', 'invalid'] as const).filter((status) => counts[status] > 0)
  if (billed.length > 0) {
    const limit = counts.truncated > 0 ? ' --max-tokens N' : ''
    return `llm-batch retry ${runId} --status ${billed.join(',')}${limit}   (buys these answers again)`
  }
  if (counts.skipped > 0) return `llm-batch results ${runId} -o OUT   (llm_error tells why rows were skipped)`
  return null
}
