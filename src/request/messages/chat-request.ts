import { endpointName } from '../../model/endpoint.ts'
import { LlmBatchError } from '../../model/error.ts'
import { mention } from '../../model/options/mention.ts'
import type { Row } from '../../model/row.ts'
import type { RunDefinition } from '../../model/run.ts'
import { factsOf } from '../../providers/known.ts'
import { answerFields } from '../../schema/answer-format.ts'
import type { BuildResult } from '../build-result.ts'
import { checkBody } from '../check-body.ts'
import { CHAT_FORM, type EndpointForm } from '../endpoint-form.ts'
import type { Lane } from '../lanes.ts'
import { mostOutputTokens } from '../most-output.ts'
import { refuseFlawed } from '../parameter-flaws.ts'
import { readRowId } from '../row-id.ts'
import type { MessagesOf, RowMessages } from './row-messages.ts'

/** The part of a run's definition that shapes the body of a request that we make. */
export type ChatSettings = Pick<
  RunDefinition,
  'model' | 'maxTokens' | 'temperature' | 'parameters' | 'idColumn' | 'answer'
>

/**
 * Builds the requests of one target: messages or a text per row, in the form that its endpoint takes; everything else the
 * same for all. Parameters are sent only where they were set, in the provider's words.
 * @throws LlmBatchError `usage` for settings that cannot be sent
 */
export function createChatBuilder(
  settings: ChatSettings,
  messagesOf: MessagesOf,
  lane: Lane,
  form: EndpointForm = CHAT_FORM,
): (row: Row) => BuildResult | Promise<BuildResult> {
  const head = lane.limits.modelOn === 'line' ? `{"model":${JSON.stringify(lane.target.model)},` : '{'
  const fields = fieldsOf(settings, form, lane)
  const tail = tailOf(fields)
  const most = mostOutputTokens(fields, lane.target)

  const assemble = (row: Row, messages: RowMessages): BuildResult => {
    const id = settings.idColumn === null ? { id: null } : readRowId(row, settings.idColumn, 'missing_id')
    if ('problem' in id) {
      return { id: null, problems: 'problems' in messages ? [id.problem, ...messages.problems] : [id.problem] }
    }
    if ('problems' in messages) return { id: id.id, problems: messages.problems }
    const members = form.members(row, messages.json)
    if (typeof members !== 'string') return { id: id.id, problems: [members] }
    const body = `${head}${members}${tail}`
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
function fieldsOf(settings: ChatSettings, form: EndpointForm, lane: Lane): Readonly<Record<string, unknown>> {
  const { answer, maxTokens, temperature, parameters } = settings
  const reserved = form.reserved.find((name) => Object.hasOwn(parameters, name))
  if (reserved) throw new LlmBatchError('usage', `"${reserved}" cannot be set as a parameter`)
  const { maxTokensField } = lane.limits
  refuseFlawed(settings, lane)
  if (maxTokens !== null && maxTokensField === null) {
    throw new LlmBatchError('usage', `${endpointName(lane.target.endpoint)} does not support a maximum of tokens`, {
      next: `Leave ${mention('maxTokens')} out.`,
    })
  }
  if (temperature !== null && !form.hasTemperature) {
    throw new LlmBatchError('usage', `${endpointName(lane.target.endpoint)} does not support a temperature`, {
      next: `Leave ${mention('temperature')} out.`,
    })
  }
  if (answer !== null && parameters['n'] !== undefined && parameters['n'] !== 1) {
    throw new LlmBatchError('usage', 'a schema is checked against one answer, and "n" asks for several', {
      next: 'Leave "n" out, and have the schema hold a list.',
    })
  }
  const fields = {
    ...(maxTokens !== null && maxTokensField !== null ? { [maxTokensField]: maxTokens } : {}),
    ...(temperature === null ? {} : { temperature }),
    ...parameters,
    ...(answer === null ? {} : answerFields(answer, { ...lane.limits, target: lane.target, parameters })),
  }
  refuseUnsupported(fields, form, lane)
  return fields
}

/** What any row asks, so that parameters are judged in a whole body. */
const SAMPLE = { messages: { messages: [{ role: 'user', content: 'Hello.' }] }, text: { input: 'Hello.' }, gap: {} }

/** What holds for all rows is refused once, and not row by row. */
function refuseUnsupported(fields: Readonly<Record<string, unknown>>, { takes }: EndpointForm, { target }: Lane): void {
  const unsupported = factsOf(target.provider).unsupported(target, JSON.stringify({ ...SAMPLE[takes], ...fields }))
  if (unsupported === null) return
  throw new LlmBatchError('usage', `${unsupported}; nothing was sent`, {
    next: `Leave it out, or choose a model of another provider with ${mention('model')}.`,
  })
}

/** What follows the messages: the parameters, and the closing brace. */
function tailOf(fields: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(fields)
  return json === '{}' ? '}' : `,${json.slice(1)}`
}
