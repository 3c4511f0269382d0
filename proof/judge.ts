import type { Evidence } from './evidence.ts'
import { judgeCalls } from './judge/calls.ts'
import { judgeCounts } from './judge/counts.ts'
import { judgeManners } from './judge/exit-codes.ts'
import { judgeHome } from './judge/home.ts'
import { judgeMachines } from './judge/machines.ts'
import { judgeMoney } from './judge/money.ts'
import { judgePriming } from './judge/priming.ts'
import { judgeRows } from './judge/rows.ts'
import type { Violation } from './violation.ts'

/** Judges a run from the provider's books, the final files and what was said; never from what the client believes. */
export function judge(evidence: Evidence): readonly Violation[] {
  return [judgeMoney, judgeCalls, judgeCounts, judgePriming, judgeRows, judgeHome, judgeMachines, judgeManners].flatMap(
    (part) => part(evidence),
  )
}
