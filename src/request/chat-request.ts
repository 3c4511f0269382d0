import { LlmBatchError } from '../model/error.ts'
import type { Row } from '../model/row.ts'
import type { RunDefinition } from '../model/run.ts'
import { CHAT_ENDPOINT } from '../model/target.ts'
import type { BuildResult } from './build-result.ts'
import { checkBody } from './check-body.ts'
import type { Lane } from './lanes.ts'
import { mostOutputTokens } from './most-output.ts'
import { readRowId } from './row-id.ts'
import type { MessagesOf, RowMessages } from './row-messages.ts'

/** What of a run's definition shapes the body of a chat request. */
export type ChatSettings = Pick<RunDefinition, 'model' | 'maxTokens' | 'temperature' | 'parameters' | 'idColumn'>

/** Body fields that have options of their own or cannot be chosen. */
const RESERVED = ['model', 'messages', 'stream'] as const

/**
 * Builds chat requests of one target: messages per row, everything else the same for all. Parameters are sent only
 * where they were set, in the provider's words.
 * @throws LlmBatchError `usage` for settings that cannot be sent
 */
export function createChatBuilder(
  settings: ChatSettings,
  messagesOf: MessagesOf,
  laneOf: (endpoint: string, model: string) => Lane,
): (row: Row) => BuildResult | Promise<BuildResult> {
  if (settings.model === null)
    throw new LlmBatchError('usage', 'no model given', { next: 'Add --model provider/model.' })
  const lane = laneOf(CHAT_ENDPOINT, settings.model)
  if (!lane.limits.isEndpointKnown) {
    throw new LlmBatchError('usage', `${lane.target.provider} takes no chat requests in batches`)
  }
  const head = lane.limits.modelOn === 'line' ? `{"model":${JSON.stringify(settings.model)},` : '{'
  const fields = fieldsOf(settings, lane)
  const tail = tailOf(fields)
  const most = mostOutputTokens(fields)

  const assemble = (row: Row, messages: RowMessages): BuildResult => {
    const id = settings.idColumn === null ? { id: null } : readRowId(row, settings.idColumn, 'missing_id')
    if ('problem' in id) {
      return { id: null, problems: 'problems' in messages ? [id.problem, ...messages.problems] : [id.problem] }
    }
    if ('problems' in messages) return { id: id.id, problems: messages.problems }
    const body = `${head}"messages":${messages.json}${tail}`
    const flaw = checkBody(row, lane, body)
    if (flaw) return { id: id.id, problems: [flaw] }
    const emptyPlaceholders = messages.isEmpty
    return { request: { id: id.id, target: lane.target, body, mostOutputTokens: most, emptyPlaceholders } }
  }

  return (row) => {
    const messages = messagesOf(row)
    return messages instanceof Promise ? messages.then((made) => assemble(row, made)) : assemble(row, messages)
  }
}

/** The parameters that were set, in the provider's words. */
function fieldsOf(settings: ChatSettings, lane: Lane): Readonly<Record<string, unknown>> {
  const { maxTokens, temperature, parameters } = settings
  const reserved = RESERVED.find((name) => Object.hasOwn(parameters, name))
  if (reserved) throw new LlmBatchError('usage', `"${reserved}" cannot be set as a parameter`)
  const { maxTokensField } = lane.limits
  if (maxTokens !== null && maxTokensField === null) {
    throw new LlmBatchError('usage', `${lane.target.endpoint} has no limit of tokens to set`, {
      next: 'Leave --max-tokens out.',
    })
  }
  return {
    ...(maxTokens !== null && maxTokensField !== null ? { [maxTokensField]: maxTokens } : {}),
    ...(temperature === null ? {} : { temperature }),
    ...parameters,
  }
}

/** What follows the messages: the parameters, and the closing brace. */
function tailOf(fields: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(fields)
  return json === '{}' ? '}' : `,${json.slice(1)}`
}
