import { shownJson } from '../lib/shown-json.ts'
import type { RunDefinition } from '../model/run.ts'
import type { RunRecord } from '../store/port/run.ts'

/** Columns that are shown where no template names any. */
const MOST_UNNAMED = 3

/**
 * The columns of the input that a person knows a row by: those that the prompt is about, else the first ones. Null where rows
 * carry their messages or a provider's body: then it is what was asked last (`lastMessage`).
 */
export function shownInput({
  columns,
  definition,
}: Pick<RunRecord, 'columns' | 'definition'>): readonly string[] | null {
  if (definition.shape !== 'records') return null
  const others = columns.map(({ name }) => name).filter((name) => name !== definition.idColumn)
  const used = others.filter((column) => isNamedIn(column, definition))
  return used.length > 0 ? used : others.slice(0, MOST_UNNAMED)
}

/** True where a tag of the template names the column, alone or at the beginning of a path. */
function isNamedIn(column: string, { prompt, system }: RunDefinition): boolean {
  const tags = `${prompt ?? ''}\n${system ?? ''}`.match(/\{\{.*?\}\}|\{%.*?%\}/gs) ?? []
  const name = column.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const word = new RegExp(String.raw`(?<![\p{L}\p{N}_])${name}(?![\p{L}\p{N}_])`, 'u')
  return tags.some((tag) => word.test(tag))
}

/** What was asked last, of a row that carries its messages or a provider's body. */
export function lastMessage(json: string): string {
  const { body, messages } = JSON.parse(json) as { readonly body?: unknown; readonly messages?: unknown }
  const asked = messages ?? (body as { readonly messages?: unknown; readonly input?: unknown } | undefined)?.messages
  const last: unknown = Array.isArray(asked) ? asked.at(-1) : (body as { readonly input?: unknown } | undefined)?.input
  const content = typeof last === 'object' && last !== null && 'content' in last ? last.content : last
  return typeof content === 'string' ? content : shownJson(content)
}
