/** A wish about one row's outcome, written in its prompt as `[[simulate: NAME]]`. */
export interface Directive {
  readonly name: string
  readonly description: string
}

/** What a prompt can ask the simulator for; anything else in the brackets is ignored. */
export const DIRECTIVES: readonly Directive[] = [
  { name: 'status=NNN', description: 'the row fails with this HTTP status, as a line of the error file; unbilled' },
  { name: 'error NNN', description: 'the same as status=NNN' },
  { name: 'length', description: 'the answer is cut off by the token limit; billed' },
  { name: 'refusal', description: 'the model refuses to answer; billed' },
  { name: 'content_filter', description: 'the answer is stopped by a content filter; billed' },
  { name: 'tool_call', description: 'a tool call instead of text; billed' },
  { name: 'empty', description: 'an answer without any text; billed' },
  { name: 'invalid_json', description: 'text that begins like JSON and is not JSON; billed' },
  { name: 'fenced_json', description: 'JSON inside a Markdown code fence; billed' },
  { name: 'stray_json', description: 'the answer with sentences before and after it; billed' },
  { name: 'wrong_schema', description: 'JSON that breaks the schema that was asked for; billed' },
  { name: 'no_usage', description: 'an answer without token counts; billed' },
  { name: 'bad_shape', description: 'status 200 with a body that is not an answer of the endpoint; billed' },
  { name: 'missing', description: 'no line in either file; billed' },
  { name: 'garbled', description: 'a result line that is not JSON; billed' },
  { name: 'expired', description: 'never executed: error batch_expired; unbilled' },
  { name: 'times=N', description: 'after another directive: only the first N executions of the row have that outcome' },
]

/** A directive as found in a prompt. */
export interface FoundDirective {
  readonly name: string
  /** HTTP status, for the directives that carry one. */
  readonly status: number | null
  /** How many executions of the row it governs. */
  readonly times: number
}

const OPENING = '[[simulate:'

/** The directive in a prompt, or undefined. The first one counts. */
export function findDirective(prompt: string): FoundDirective | undefined {
  // Most prompts have none, and a plain search is much faster than the expression.
  const start = prompt.indexOf(OPENING)
  if (start < 0) return undefined
  const words = /^\[\[simulate:([^\]]{0,100})\]\]/.exec(prompt.slice(start))?.[1]?.trim()
  if (!words) return undefined
  const times = /\btimes=(\d+)/.exec(words)
  const outcome = words.replace(/[\s,]*\btimes=\d+/, '').trim()
  const status = /^(?:status\s*=|error)\s*([2-5]\d\d)$/.exec(outcome)?.[1]
  return {
    name: status ? 'status' : outcome,
    status: status ? Number(status) : null,
    times: times ? Number(times[1]) : Number.POSITIVE_INFINITY,
  }
}
