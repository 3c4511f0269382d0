import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Row } from '../model/row.ts'
import type { InputShape } from '../model/run.ts'

/**
 * How a file's rows are read as requests, by its first readable row: with a prompt they are records, otherwise chat
 * rows (`messages`) or provider-ready lines (`custom_id` and `body`).
 * @throws LlmBatchError `usage` where there is no prompt and the row carries none either
 */
export function detectShape(firstRow: Row, hasPrompt: boolean): InputShape {
  if (hasPrompt) return 'records'
  const has = (name: string): boolean => Object.hasOwn(firstRow.record, name)
  if (has('body') && (has('custom_id') || !has('messages'))) return 'provider'
  if (has('messages')) return 'chat'
  throw new LlmBatchError('usage', `line ${firstRow.line} has neither "messages" nor "custom_id" and "body"`, {
    next: `Add a prompt, for example ${mention('prompt', '"Summarise: {{text}}"')}.`,
  })
}
