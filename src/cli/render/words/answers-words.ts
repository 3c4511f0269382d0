import { isFinished } from '../../../model/run.ts'
import type { RunRecord } from '../../../store/port/run.ts'
import { placeText } from '../terminal/facts.ts'

/** Where the answers of a run are or will be; null where no place was named, as in a program. */
export function describeAnswersPlace({ id, output, state }: RunRecord, isThere: boolean): string | null {
  const { path } = output
  if (path === null) return null
  if (path === '-') return placeText(path)
  if (!isFinished(state)) return `to be written to ${placeText(path)}`
  return isThere ? placeText(path) : `the file does not exist; write it with: llm-batch results ${id} -o OUT`
}
