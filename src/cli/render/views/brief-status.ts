import type { Colors } from '../terminal/colors.ts'
import { renderFacts } from '../terminal/facts.ts'
import { nextSteps } from './next-command.ts'
import { type RunStatus, rowsText, stateText, titleOf } from './status-view.ts'

/** A run among several, without its batches: where it stands and what can be done next. */
export function renderBriefStatus(status: RunStatus, colors: Colors): string {
  const { counts, run } = status
  const facts = renderFacts(
    [
      ['State', stateText(status)],
      ['Rows', rowsText(run, counts, colors)],
      ['Next', nextSteps(status)[0] ?? null],
    ],
    colors,
  )
  return `${colors.bold(titleOf(run))}\n${facts}`
}
