import { plainLine, plainText } from '../../../lib/plain-text.ts'
import type { FilledRow } from '../../../prepare/fill-prompts.ts'
import { parametersOf, shownMessages } from '../../jobs/prompt-text.ts'
import type { Colors } from '../terminal/colors.ts'

const MOST_ID_CHARACTERS = 200

/** Filled prompts as the model would get them: whole, but with nothing in them that a terminal would obey. */
export function renderPrompts(rows: readonly FilledRow[], colors: Colors): string {
  return rows.map((row) => rowText(row, colors)).join('\n')
}

function rowText({ hasEmptyPlaceholders, id, line, problems, request }: FilledRow, colors: Colors): string {
  const name = id === null ? `Line ${line}` : `Line ${line} (${plainLine(id, MOST_ID_CHARACTERS)})`
  const flaws = problems.map(({ code, detail }) => `  ${colors.red(code)}: ${plainLine(detail)}\n`)
  if (!request) return `${colors.bold(name)}  not sent\n${flaws.join('')}`
  const { target } = request
  const title = `${colors.bold(name)}  ${colors.dim(plainLine(`${target.provider}/${target.model}`))}\n`
  const note = hasEmptyPlaceholders ? `  ${colors.yellow('!')} every placeholder is empty\n` : ''
  return title + note + bodyText(request, colors)
}

function bodyText(request: NonNullable<FilledRow['request']>, colors: Colors): string {
  const messages = shownMessages(request)
  if (messages === null) return indented(request.body, 2)
  const parameters = parametersOf(request)
  const turns = messages.map(({ role, text }) => `  ${colors.cyan(plainLine(role))}\n${indented(text, 4)}`)
  return turns.join('') + (parameters === null ? '' : `  ${colors.dim('with')}\n${indented(parameters, 4)}`)
}

function indented(text: string, spaces: number): string {
  const lines = plainText(text).split('\n')
  return lines.map((line) => (line === '' ? '\n' : `${' '.repeat(spaces)}${line}\n`)).join('')
}
