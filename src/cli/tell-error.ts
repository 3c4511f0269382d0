import { EXIT, LlmBatchError } from '../model/error.ts'
import { inFlags } from '../model/options/mention.ts'
import { InputProblemsError } from '../prepare/problem-list.ts'
import { asKnownError, exitCodeOfError, isClosedPipe } from './exit-code.ts'
import { renderError } from './render/views/error-view.ts'
import { renderProblems } from './render/views/problems.ts'
import type { Shell } from './shell.ts'

/** Tells what ended a command, the first problems of a bad input included, and returns the exit code. */
export function tellError(shell: Shell, thrown: unknown): number {
  if (isClosedPipe(thrown)) return EXIT.ok
  const error = asKnownError(thrown)
  if (LlmBatchError.isInstance(error) && error.code === 'interrupted') {
    shell.tell(error.inWords(inFlags).message)
    return EXIT.interrupted
  }
  if (error instanceof InputProblemsError) {
    const { problems, summary } = error
    const { next } = error.inWords(inFlags)
    shell.tell(renderProblems(problems.first, problems.total, shell.errorColors))
    shell.tell(renderError(new LlmBatchError('input', summary, { next }), shell.errorColors))
  } else shell.tell(renderError(error, shell.errorColors))
  return exitCodeOfError(error)
}
