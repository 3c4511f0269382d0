import { plainLine } from '../../lib/plain-text.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { PromptReview } from '../../request/templates/prompt-review.ts'
import { count } from '../render/terminal/quantity.ts'
import type { Shell } from '../shell.ts'
import { confirm } from './ask.ts'

/**
 * Asks about a prompt that says the same for every row, which is most often a mistake that costs as much as the whole
 * run. Throws `usage` where no user can be asked, and where the answer is no.
 */
export async function agreeToPrompt(shell: Shell, { isConstant }: PromptReview, requests: number): Promise<void> {
  if (!isConstant || requests < 2) return
  const next = 'Write {{column}} into the prompt. Where every row is to be asked the same, add --constant-prompt.'
  if (!shell.canAsk) {
    throw new LlmBatchError('usage', 'the prompt has no placeholder, and asks every row the same; nothing was sent', {
      next,
    })
  }
  if (await confirm(shell, `Ask the same ${count(requests)} times?`)) return
  throw new LlmBatchError('usage', 'you did not accept the prompt; nothing was sent', { next })
}

/** Tells what was found about the prompt as a whole. */
export function tellReview(shell: Shell, { warnings }: PromptReview): void {
  for (const warning of warnings) shell.warn(plainLine(warning))
}
