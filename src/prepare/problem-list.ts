import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Problem } from '../model/problem.ts'

/** How many problems are kept with their details; the rest is counted. */
const MOST_KEPT = 20

/** Problems of an input: the first problems in full, and how many there are. */
export class ProblemList {
  readonly first: Problem[] = []
  total = 0

  add(problems: readonly Problem[]): void {
    this.total += problems.length
    for (const problem of problems) if (this.first.length < MOST_KEPT) this.first.push(problem)
  }
}

/** An input that cannot be sent as it is. Nothing was sent; the message holds the first problem, `problems` the others. */
export class InputProblemsError extends LlmBatchError {
  override readonly name = 'InputProblemsError'
  readonly problems: ProblemList
  /** The message for those who show the problems beside it. */
  readonly summary: string

  constructor(problems: ProblemList) {
    const summary = `${problems.total} ${problems.total === 1 ? 'problem' : 'problems'} in the input; nothing was sent`
    const [first] = problems.first
    super('input', first === undefined ? summary : `${summary}. ${describe(first, problems.total)}`, {
      next: `Correct the rows, or leave them out and record them as failed with ${mention('skipInvalid')}.`,
    })
    this.problems = problems
    this.summary = summary
  }
}

function describe({ code, detail, file, line }: Problem, total: number): string {
  const place = `${file === undefined ? '' : `${file} `}line ${line}`
  return `${total === 1 ? 'It is' : 'The first is'} in ${place}: ${code}: ${detail}`
}
