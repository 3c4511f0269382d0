import { LlmBatchError } from '../model/error.ts'
import type { Problem } from '../model/problem.ts'

/** How many problems are kept with their details; the rest is counted. */
const MOST_KEPT = 20

/** What is wrong with an input: the first problems in full, and how many there are. */
export class ProblemList {
  readonly first: Problem[] = []
  total = 0

  add(problems: readonly Problem[]): void {
    this.total += problems.length
    for (const problem of problems) if (this.first.length < MOST_KEPT) this.first.push(problem)
  }
}

/** An input that cannot be sent as it is. Nothing was sent; `problems` tells the lines. */
export class InputProblemsError extends LlmBatchError {
  override readonly name = 'InputProblemsError'
  readonly problems: ProblemList

  constructor(problems: ProblemList) {
    super(
      'input',
      `${problems.total} ${problems.total === 1 ? 'problem' : 'problems'} in the input; nothing was sent`,
      {
        next: 'Correct the rows, or leave them out and record them as failed with --skip-invalid.',
      },
    )
    this.problems = problems
  }
}
