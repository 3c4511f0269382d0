import { LlmBatchError } from '../../model/error.ts'
import type { Tail } from '../../model/run.ts'
import type { Target } from '../../model/target.ts'
import type { PlanSummary } from '../../plan/summary.ts'
import { REQUESTS_COMPARED } from '../../prepare/freeze-run.ts'
import { dollars } from '../../prices/dollars.ts'
import { nearModels } from '../../prices/near-models.ts'
import { renderFacts } from '../render/terminal/facts.ts'
import { counted } from '../render/terminal/quantity.ts'
import { estimateFacts } from '../render/views/plan-view.ts'
import { describeRequests } from '../render/words/estimate-words.ts'
import { dedupeHint } from '../render/words/sharing-words.ts'
import type { Shell } from '../shell.ts'
import { confirm } from './ask.ts'

/** Tells of a configuration file that lay in the working folder and may make the user spend unasked. */
export function remarkOn(shell: Shell, { spendingRemark }: { readonly spendingRemark: string | null }): void {
  if (spendingRemark !== null) shell.warn(spendingRemark)
}

/** Terms of the consent to a new run. */
export interface Agreement {
  readonly isQuiet: boolean
  /** `--yes`: whatever the estimate says. */
  readonly isAccepted: boolean
  /** US dollars up to which the user is not asked. */
  readonly askAboveUsd: number
  /** The cap, in US dollars; null where there is none. */
  readonly maxCostUsd: number | null
  /** How the rest is asked at the deadline, where it is: then the most that all may cost is that of the full price. */
  readonly tail?: Tail | undefined
}

/**
 * Shows what a new run would cost, and asks where that is above the sum; where no user can be asked it throws `usage`, as
 * it does when the answer is no. A cost that is unknown is asked about in a terminal; elsewhere the warning must do, unless
 * the model is named nearly like a known one.
 */
export async function agreeTo(shell: Shell, runId: string, estimate: PlanSummary, agreement: Agreement): Promise<void> {
  const { askAboveUsd, isAccepted, isQuiet } = agreement
  const sum = mostOf(estimate, agreement)
  const misspelt = estimate.targets.filter(({ price, target }) => price === null && nearModels(target).length > 0)
  const isUnsure = misspelt.length > 0 || (sum === null ? shell.canAsk : sum > askAboveUsd)
  const mustAsk = !isAccepted && isUnsure
  if (!isQuiet || (mustAsk && shell.canAsk)) introduce(shell, runId, estimate, agreement)
  if (!mustAsk) return
  const limit =
    sum === null ? 'unknown' : `${dollars(sum)}, more than the ${dollars(askAboveUsd)} that are sent without a question`
  const message = `run ${runId} may cost ${limit}`
  const [typo] = misspelt
  if (!shell.canAsk && typo) throw misspeltError(typo.target)
  if (!shell.canAsk) {
    throw new LlmBatchError('usage', `${message}; nothing was sent`, {
      next: 'Accept it by the same command with --yes, or raise budget.askAboveUsd in the configuration.',
    })
  }
  shell.tell(`${message[0]?.toUpperCase()}${message.slice(1)}.`)
  if (await confirm(shell, 'Send it?')) return
  throw new LlmBatchError('usage', 'you did not accept the cost; nothing was sent', {
    next: 'A part of the rows costs less: --limit N, or --sample N.',
  })
}

function misspeltError(target: Target): LlmBatchError {
  const near = nearModels(target).join(' or ')
  return new LlmBatchError('usage', `the model ${target.model} is not known; nothing was sent`, {
    next: `Did you mean ${near}? To use it as it is written, add --yes, or give its price in the configuration.`,
  })
}

/** The most that a run may cost, or what is expected of it where answers are without limit; null where that is unknown. */
function mostOf({ cost }: PlanSummary, { tail }: Agreement): number | null {
  if (cost === null) return null
  return tail === undefined ? (cost.mostUsd ?? cost.expectedUsd) : (cost.synchronousMostUsd ?? cost.synchronousUsd)
}

function introduce(shell: Shell, runId: string, estimate: PlanSummary, agreement: Agreement): void {
  const { maxCostUsd, tail } = agreement
  const { advice, rows, sharing } = estimate
  const sharable = dedupeHint(sharing.sharable)
  const hint = sharable !== null && estimate.requests > REQUESTS_COMPARED ? `at least ${sharable}` : sharable
  shell.tell(
    `Run ${runId}: ${counted(rows, 'row')}. Requests: ${describeRequests(estimate)}.\n${renderFacts(estimateFacts(estimate, tail), shell.errorColors)}`,
  )
  for (const sentence of [...(hint === null ? [] : [hint]), ...advice]) shell.warn(sentence)
  const most = mostOf(estimate, agreement)
  if (maxCostUsd !== null && most !== null && most > maxCostUsd) {
    shell.warn(`the cap of ${dollars(maxCostUsd)} may hold the run before its end, at a cost of up to ${dollars(most)}`)
  }
}
