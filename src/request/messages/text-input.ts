import { messageOf } from '../../model/error.ts'
import type { Problem } from '../../model/problem.ts'
import type { Row } from '../../model/row.ts'
import { problemOf } from '../build-result.ts'
import { columnText } from '../templates/column-text.ts'
import type { CompileTemplate } from '../templates/template-compiler.ts'
import type { PromptFunction } from './chat-messages.ts'
import { fillingProblems, missingColumn } from './message-problems.ts'
import type { MessagesOf, RowMessages } from './row-messages.ts'

/** Rules for a text before it is paid for. */
export interface TextRules {
  /** False where the provider refuses an empty text. */
  readonly mayBeEmpty: boolean
  /** True where the column holds lists of texts; a single text is then a list of one. */
  readonly isList: boolean
  /** Most texts of one request; null for no limit. */
  readonly mostInputs: number | null
}

/** Takes a column as it is: its text, or its list of texts. */
export function textOfColumn(column: string, rules: TextRules): MessagesOf {
  return (row) => {
    const value = Object.hasOwn(row.record, column) ? row.record[column] : undefined
    if (Array.isArray(value)) return rules.isList ? listOf(row, column, value, rules) : unexpectedList(row, column)
    const text = columnText(row, column)
    if (text === undefined) return { problems: [missingColumn(row, column)] }
    return rules.isList ? listOf(row, column, [text], rules) : textJson(row, text, rules, `"${column}"`)
  }
}

/** Composes the text by a template. */
export function textByTemplate(prompt: string, rules: TextRules, compile: CompileTemplate): MessagesOf {
  const template = compile(prompt, 'the prompt')
  return (row) => {
    const filled = template.fill(row)
    const problems = fillingProblems(row, [filled])
    if (problems.length > 0) return { problems }
    const made = textJson(row, filled.text, rules, 'the prompt')
    return 'problems' in made ? made : { ...made, isEmpty: filled.isEmpty }
  }
}

/** Composes the text by the user's function; what it throws is that row's problem. */
export function textByFunction(prompt: PromptFunction, rules: TextRules): MessagesOf {
  return async (row) => {
    try {
      const made = await prompt(row.record)
      if (typeof made === 'string') return textJson(row, made, rules, 'the prompt')
      return problem(
        row,
        'prompt_function_failed',
        'the prompt function did not return a text, which this endpoint needs',
      )
    } catch (error) {
      return problem(row, 'prompt_function_failed', `the prompt function failed: ${messageOf(error)}`)
    }
  }
}

/** A prompt, and after its gap what the suffix column holds: as the members of a body. */
export function promptAndSuffix(promptOf: MessagesOf, suffixColumn: string | null): MessagesOf {
  const assemble = (row: Row, prompt: RowMessages): RowMessages => {
    if ('problems' in prompt) return prompt
    if (suffixColumn === null) return { ...prompt, json: `"prompt":${prompt.json}` }
    const suffix = columnText(row, suffixColumn)
    if (suffix === undefined) return { problems: [missingColumn(row, suffixColumn)] }
    const after = suffix === '' ? '' : `,"suffix":${JSON.stringify(suffix)}`
    return { ...prompt, json: `"prompt":${prompt.json}${after}` }
  }
  return (row) => {
    const prompt = promptOf(row)
    return prompt instanceof Promise ? prompt.then((made) => assemble(row, made)) : assemble(row, prompt)
  }
}

function textJson(row: Row, text: string, { mayBeEmpty }: TextRules, what: string): RowMessages {
  if (text === '' && !mayBeEmpty)
    return problem(row, 'empty_text', `${what} is empty, and the endpoint refuses empty texts`)
  return { json: JSON.stringify(text), isEmpty: text.trim() === '' }
}

function listOf(row: Row, column: string, texts: readonly unknown[], { mostInputs }: TextRules): RowMessages {
  if (texts.length === 0) return problem(row, 'empty_text', `"${column}" is an empty list`)
  const other = texts.findIndex((text) => typeof text !== 'string')
  if (other >= 0) return problem(row, 'not_text', `entry ${other + 1} of "${column}" is not a text`)
  const empty = texts.indexOf('')
  if (empty >= 0) return problem(row, 'empty_text', `entry ${empty + 1} of "${column}" is empty`)
  if (mostInputs !== null && texts.length > mostInputs) {
    const detail = `"${column}" holds ${texts.length} texts, and a request may have ${mostInputs}; split it into several rows`
    return problem(row, 'too_many_inputs', detail)
  }
  return { json: JSON.stringify(texts), isEmpty: false }
}

function unexpectedList(row: Row, column: string): RowMessages {
  const detail = `"${column}" is a list here and a text in the first row; a run supports only one of them`
  return problem(row, 'not_text', detail)
}

function problem(row: Row, code: Problem['code'], detail: string): RowMessages {
  return { problems: [problemOf(row, code, detail)] }
}
