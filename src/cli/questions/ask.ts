import { createInterface } from 'node:readline'
import { LlmBatchError } from '../../model/error.ts'
import type { Shell } from '../shell.ts'

/** What a person is told who leaves a question unanswered. */
export const NOTHING_SENT = 'Nothing was sent.'

/**
 * Asks in a terminal for one line. Throws `interrupted`, with `whenLeft` as its message, where the person leaves by
 * Ctrl-C or Ctrl-D, or the terminal goes away.
 * @default whenLeft 'Nothing was sent.'
 */
export function ask(shell: Shell, question: string, whenLeft = NOTHING_SENT): Promise<string> {
  const { error, input } = shell.streams
  const questions = createInterface({ input, output: error })
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      // The cursor still stands behind the question.
      error.write('\n')
      reject(new LlmBatchError('interrupted', whenLeft))
    }
    questions.once('close', leave)
    questions.once('line', (line) => {
      questions.off('close', leave)
      questions.close()
      resolve(line.trim())
    })
    questions.setPrompt(question)
    questions.prompt()
  })
}

/** Asks for `y`; anything else is no. Only for a terminal. Throws `interrupted` like `ask`. */
export async function confirm(shell: Shell, question: string, whenLeft?: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(shell, `${question} [y/N] `, whenLeft))
}
