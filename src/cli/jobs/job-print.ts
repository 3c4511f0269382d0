import { parseYaml } from './yaml-text.ts'

/** Comments that every kept job begins with; those after them say what it cannot repeat. */
const USUAL_COMMENTS = 2

/** A kept job laid out for people: long texts over several lines. Where that would change a value, it stays as it is. */
export async function forReaders(text: string): Promise<string> {
  const { stringify } = await import('yaml')
  const fields = await parseYaml(text, 'the kept job')
  const laidOut = stringify(fields, { lineWidth: 0, blockQuote: 'literal' })
  const isSame = JSON.stringify(await parseYaml(laidOut, 'the job')) === JSON.stringify(fields)
  return isSame ? `${commentsOf(text).join('\n')}\n${laidOut}` : text
}

/** What a kept job cannot repeat. */
export function notesOf(text: string): readonly string[] {
  return commentsOf(text)
    .slice(USUAL_COMMENTS)
    .map((comment) => comment.slice(2))
}

function commentsOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith('#'))
}
