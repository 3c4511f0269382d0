import { isFinished } from '../../../model/run.ts'
import type { WrittenFiles } from '../../../results/finish.ts'
import type { RunRecord } from '../../../store/port/run.ts'
import { placeText } from '../terminal/facts.ts'
import { counted } from '../terminal/quantity.ts'

/** Where the answers of a run are or will be; null where no place was named, as in a program. */
export function describeAnswersPlace({ id, output, state }: RunRecord, isThere: boolean): string | null {
  const { path } = output
  if (path === null) return null
  if (path === '-') return placeText(path)
  if (!isFinished(state)) return `to be written to ${placeText(path)}`
  return isThere ? placeText(path) : `the file does not exist; write it with: llm-batch results ${id} -o OUT`
}

/** What was lost of the answers just written; null where nothing was. */
export function describeDamaged(answers: WrittenFiles | null): string | null {
  if (answers === null || answers.damagedRows === 0) return null
  const lost = `${counted(answers.damagedRows, 'answer')} lost here, because raw result files are damaged`
  return `${lost}; see which with: llm-batch doctor --repair`
}
