import type { World } from './world/world.ts'

/** One line of the answers file. */
export interface AnswerRow {
  readonly id: string
  readonly text: string
  readonly llm_status: string
  readonly llm_output: unknown
}

/** The lines of an answers file; none where it does not exist. */
export function readAnswers(world: World, answersPath: string): readonly AnswerRow[] {
  const file = [...world.disk.files()].find(([path]) => path === answersPath)
  if (!file) return []
  const lines = Buffer.from(file[1]).toString().split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as AnswerRow)
}
