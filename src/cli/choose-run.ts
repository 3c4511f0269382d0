import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { plainLine } from '../lib/plain-text.ts'
import { LlmBatchError } from '../model/error.ts'
import { findRun, findRuns } from '../run/find-run.ts'
import type { Workspace } from '../run/workspace.ts'
import type { RunRecord } from '../store/store.ts'
import { inputWords } from './render/input-words.ts'
import type { Shell } from './shell.ts'

/** The run a person means; where several fit, a terminal asks and a script gets the error `ambiguous`. */
export async function chooseRun(shell: Shell, { store }: Workspace, wanted: string | undefined): Promise<RunRecord> {
  const runs = await findRuns(store, wanted)
  if (runs.length < 2 || !shell.canAsk) return await findRun(store, wanted)
  for (const [index, run] of runs.entries()) shell.tell(`${index + 1}  ${describeRun(run)}`)
  for (;;) {
    const answer = await ask(shell, `Which run? 1 to ${runs.length}: `)
    const chosen = /^\d+$/.test(answer) ? runs[Number(answer) - 1] : undefined
    if (chosen) return chosen
  }
}

function describeRun({ id, name, state, rowCount, definition }: RunRecord): string {
  const words = inputWords(definition.inputPaths, plainLine)
  const input = words === null ? '' : ` from ${words}`
  return `${id}${name === null ? '' : ` (${plainLine(name)})`}, ${state}, ${rowCount} rows${input}`
}

/** Asks for `y`; anything else is no. Only for a terminal. */
export async function confirm(shell: Shell, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(shell, `${question} [y/N] `))
}

/** Throws when the person turns away with Ctrl-C or Ctrl-D. */
async function ask(shell: Shell, question: string): Promise<string> {
  const questions = createInterface({ input: shell.streams.input, output: shell.streams.error })
  const closed = once(questions, 'close').then(() => {
    throw new LlmBatchError('usage', 'no answer was given', { next: 'Name the run, or say yes with --yes.' })
  })
  try {
    return (await Promise.race([questions.question(question), closed])).trim()
  } finally {
    questions.close()
  }
}
