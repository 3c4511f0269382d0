import { z } from 'zod'
import { LlmBatchError } from '../../model/error.ts'
import { MESSAGE_ROLES, type MessageTemplate } from '../../model/run.ts'
import { parseYaml } from './yaml-text.ts'

/** The turns of a conversation, as a file or a job file lists them. */
export const messagesSchema = z
  .array(z.strictObject({ role: z.enum(MESSAGE_ROLES), content: z.string() }))
  .min(1)
  .describe('Messages of a conversation, each with a role and a content that is filled like the prompt.')

/** Reads a YAML or JSON file of messages. Throws `usage`, naming the place; `name` is the file's. */
export async function readMessages(text: string, name: string): Promise<readonly MessageTemplate[]> {
  const checked = messagesSchema.safeParse(await parseYaml(text, name))
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const place = issue && issue.path.length > 0 ? ` at ${issue.path.map(placeOf).join('.')}` : ''
  throw new LlmBatchError('usage', `${name} holds no messages${place}: ${issue?.message ?? 'unknown'}`, {
    next: `Write a list of { role, content }; a role is ${MESSAGE_ROLES.join(', ')}.`,
  })
}

/** People count from 1. */
function placeOf(key: PropertyKey): string {
  return typeof key === 'number' ? String(key + 1) : String(key)
}
