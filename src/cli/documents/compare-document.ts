import { answerId, errorOf, outputOf, statusOf } from '../../output/answer.ts'
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
      id: rows[0] && answerId(rows[0].row),
      gold: gold?.text ?? null,
      answers: rows.map(({ row }, place) => ({
        status: statusOf(row),
        output: outputOf(row),
        error: errorOf(row),
        isRight: gold === null ? null : answers[place]?.isAnswered === true && answers[place].key === gold.key,
      })),
    })),
  }
}
