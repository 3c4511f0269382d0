import type { Recovery } from '../../../providers/provider.ts'

/** What each recovery class means for a create whose answer is lost. */
export const RECOVERY_WORDS: Readonly<Record<Recovery, string>> = {
  key: 'the create is repeated with its key, which makes no second batch',
  marked: 'the batch is found by its mark, or proved absent and then sent again',
  named: 'the batch is found by its name, or proved absent and then sent again',
  unfenced: 'the batch is found by its name; one that is not listed is held until you decide',
  counted: 'the batch is recognised by its results, or held until you decide',
}

/** What becomes of a batch whose create was not answered, where that is not simply found again; null where it is. */
export function describeRecovery(recovery: Recovery): string | null {
  if (recovery === 'unfenced') return UNFENCED
  if (recovery !== 'counted') return null
  return (
    'this provider does not keep a mark on a batch; if the answer to a create is lost, llm-batch recognises the batch by its ' +
    'results or holds it until you decide, and never buys it again by itself'
  )
}

const UNFENCED =
  'nothing is known to stop a late create at this provider; if the answer to a create is lost, llm-batch finds the batch by ' +
  'its name or holds it until you decide, and never buys it again by itself'
