import { RUN_LETTERS } from '../../results/compare-runs.ts'
import type { CompareView } from '../render/views/differences-view.ts'
import { runDocument } from './report-document.ts'

/** A comparison for `--json`. Runs are named by their letters; `pairs` and `duels` name them by their places, from 0. */
export function compareDocument({ comparison, counts, joinedBy, runs, shown }: CompareView): object {
  const { runs: sums, ...rest } = comparison
  return {
    version: 1,
    runs: runs.map((run, place) => ({
      letter: RUN_LETTERS[place],
      ...runDocument(run),
      alone: counts.alone[place],
      withoutKey: counts.withoutKey[place],
      ...sums[place],
    })),
    joinedBy,
    comparison: rest,
    differences: shown.map(({ answers, gold, rows }) => ({
      id: rows[0]?.answer.id,
      gold: gold?.text ?? null,
      answers: rows.map(({ answer }, place) => ({
        status: answer.status,
        output: answer.output,
        error: answer.error,
        isRight: gold === null ? null : answers[place]?.isAnswered === true && answers[place].key === gold.key,
      })),
    })),
  }
}
