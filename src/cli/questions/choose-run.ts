import { plainLine } from '../../lib/plain-text.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { findRun, findRuns } from '../../workspace/find-run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { inputWords } from '../render/words/input-words.ts'
import type { Shell } from '../shell.ts'
import { ask, NOTHING_SENT } from './ask.ts'

/** The run a person means; where several fit, a terminal asks and a script gets the error `ambiguous`. */
export async function chooseRun(shell: Shell, { store }: Workspace, wanted: string | undefined): Promise<RunRecord> {
  const runs = await findRuns(store, wanted)
  if (runs.length < 2 || !shell.canAsk) return await findRun(store, wanted)
  for (const [index, run] of runs.entries()) shell.tell(`${index + 1}  ${describeRun(run)}`)
  for (;;) {
    const answer = await ask(shell, `Which run? 1 to ${runs.length}, or q to leave: `)
    if (/^q(uit)?$/i.test(answer)) throw new LlmBatchError('interrupted', NOTHING_SENT)
    const chosen = /^\d+$/.test(answer) ? runs[Number(answer) - 1] : undefined
    if (chosen) return chosen
    shell.tell(`${answer === '' ? 'An empty line' : plainLine(answer)} is not a number of this list.`)
  }
}

function describeRun({ id, name, state, rowCount, definition }: RunRecord): string {
  const words = inputWords(definition.inputPaths, plainLine)
  const input = words === null ? '' : ` from ${words}`
  return `${id}${name === null ? '' : ` (${plainLine(name)})`}, ${state}, ${rowCount} rows${input}`
}
