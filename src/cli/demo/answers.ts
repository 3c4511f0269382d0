import type { Disk } from '../../lib/disk.ts'

/** A line of an answers file, with the members that the demo looks at. */
export interface AnswerLine {
  readonly feature: string
  readonly name: string
  readonly description: string
  /** Only in the second act: what tells this row's answer from any other's. */
  readonly nonce?: string
  readonly llm_status: string
  readonly llm_output: string | null
}

/** All lines of an answers file in order; none where there is no file. */
export async function readAnswerLines(disk: Disk, path: string): Promise<readonly AnswerLine[]> {
  const text = (await disk.readText(path)) ?? ''
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AnswerLine)
}
