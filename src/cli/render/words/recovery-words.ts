import type { Recovery } from '../../../providers/provider.ts'

/** What becomes of a batch whose create was not answered, where that is not simply found again; null where it is. */
export function describeRecovery(recovery: Recovery): string | null {
  if (recovery !== 'counted') return null
  return (
    'this provider does not keep a mark on a batch; if the answer to a create is lost, llm-batch recognises the batch by its ' +
    'results or holds it until you decide, and never buys it again by itself'
  )
}
