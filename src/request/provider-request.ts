import { isJsonObject } from '../lib/json.ts'
import { sliceProperty } from '../lib/json-slice.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Problem } from '../model/problem.ts'
import type { Row } from '../model/row.ts'
import type { RunDefinition } from '../model/run.ts'
import { CHAT_ENDPOINT } from '../model/target.ts'
import { type BuildResult, problemOf } from './build-result.ts'
import { checkBody } from './check-body.ts'
import type { Lane } from './lanes.ts'
import { mostOutputTokens } from './most-output.ts'
import { readRowId } from './row-id.ts'

/** The part of a run's definition that applies to provider-ready lines; the rest must not be set. */
export type ProviderSettings = Pick<
  RunDefinition,
  'model' | 'endpoint' | 'system' | 'imageColumns' | 'maxTokens' | 'temperature' | 'parameters' | 'idColumn'
>

/**
 * Takes provider-ready lines: the body is passed byte for byte, only a missing model is put in front where one was
 * given for all. `url` names the endpoint, `custom_id` the row.
 * @throws LlmBatchError `usage` for settings that would have to change the bodies
 */
export function createProviderBuilder(
  settings: ProviderSettings,
  laneOf: (endpoint: string, model: string) => Lane,
): (row: Row) => BuildResult {
  refuseBodySettings(settings)
  return (row) => {
    const id = readId(row, settings.idColumn)
    const body = Object.hasOwn(row.record, 'body') ? row.record['body'] : undefined
    const json = isJsonObject(body) ? sliceProperty(row.json, 'body') : undefined
    const problems = 'problem' in id ? [id.problem] : []
    if (!isJsonObject(body) || json === undefined) {
      problems.push(problemOf(row, 'missing_body', `"body" is ${body === undefined ? 'absent' : 'not an object'}`))
    } else {
      problems.push(...lineProblems(row, body, settings.endpoint))
    }
    const model = isJsonObject(body) ? modelOf(row, body, settings.model) : undefined
    if (model && 'problem' in model) problems.push(model.problem)
    if (
      'problem' in id ||
      !isJsonObject(body) ||
      json === undefined ||
      !model ||
      'problem' in model ||
      problems.length > 0
    ) {
      return { id: 'id' in id ? id.id : null, problems }
    }
    const endpoint = endpointOf(row, settings.endpoint)
    const lane = laneOf(endpoint, model.name)
    const most = mostOutputTokens(body, lane.target)
    const given = model.isInBody ? { json, most } : { json, most, model: model.name }
    return finish(row, id.id, lane, given)
  }
}

function finish(
  row: Row,
  id: string,
  lane: Lane,
  given: { readonly json: string; readonly most: number | null; readonly model?: string },
): BuildResult {
  const { limits, misfit, target } = lane
  if (!limits.isEndpointKnown) {
    const detail = `${target.provider} does not support batches for ${target.endpoint}`
    return { id, problems: [problemOf(row, 'unsupported_endpoint', detail)] }
  }
  if (misfit) return { id, problems: [problemOf(row, 'unsupported_endpoint', misfit.what)] }
  const { json, model, most } = given
  const body = model !== undefined && limits.modelOn === 'line' ? withModel(json, model) : json
  const flaw = checkBody(row, lane, body)
  return flaw
    ? { id, problems: [flaw] }
    : { request: { id, target, body, mostOutputTokens: most, emptyPlaceholders: false } }
}

function withModel(json: string, model: string): string {
  const rest = json.slice(1).trimStart()
  return `{"model":${JSON.stringify(model)}${rest.startsWith('}') ? '' : ','}${rest}`
}

function refuseBodySettings(settings: ProviderSettings): void {
  const set = [
    settings.system === null ? [] : [mention('system')],
    settings.imageColumns.length === 0 ? [] : [mention('imageColumn')],
    settings.maxTokens === null ? [] : [mention('maxTokens')],
    settings.temperature === null ? [] : [mention('temperature')],
    Object.keys(settings.parameters).length === 0 ? [] : [mention('param')],
  ].flat()
  if (set.length === 0) return
  throw new LlmBatchError(
    'usage',
    `${set.join(', ')} cannot be used with provider-ready lines, which are sent as they are`,
    {
      next: 'Write it into the bodies, or leave it out.',
    },
  )
}

function readId(row: Row, idColumn: string | null): ReturnType<typeof readRowId> {
  return idColumn === null ? readRowId(row, 'custom_id', 'missing_custom_id') : readRowId(row, idColumn, 'missing_id')
}

function endpointOf(row: Row, chosen: string | null): string {
  const url = row.record['url']
  return typeof url === 'string' ? url : (chosen ?? CHAT_ENDPOINT)
}

function lineProblems(row: Row, body: Readonly<Record<string, unknown>>, chosen: string | null): readonly Problem[] {
  const problems: Problem[] = []
  const { url, method } = row.record as { readonly url?: unknown; readonly method?: unknown }
  if (url !== undefined && url !== null && typeof url !== 'string') {
    problems.push(problemOf(row, 'unsupported_endpoint', '"url" is not text'))
  } else if (typeof url === 'string' && chosen !== null && url !== chosen) {
    problems.push(problemOf(row, 'endpoint_contradiction', `the row has the endpoint ${url}, the run ${chosen}`))
  }
  if (method !== undefined && method !== null && method !== 'POST') {
    problems.push(
      problemOf(row, 'unsupported_endpoint', `"method" is ${JSON.stringify(method)}; only POST can be sent`),
    )
  }
  if (body['stream'] !== undefined && body['stream'] !== null && body['stream'] !== false) {
    problems.push(
      problemOf(row, 'streaming_not_allowed', 'batches do not support streaming; remove "stream" from the body'),
    )
  }
  return problems
}

type LineModel = { readonly name: string; readonly isInBody: boolean } | { readonly problem: Problem }

function modelOf(row: Row, body: Readonly<Record<string, unknown>>, given: string | null): LineModel {
  const own = body['model']
  if (own === undefined || own === null) {
    if (given !== null && own === undefined) return { name: given, isInBody: false }
    return { problem: problemOf(row, 'missing_model', 'the body has no model, and the run has none either') }
  }
  if (typeof own !== 'string' || own === '') {
    return { problem: problemOf(row, 'missing_model', `"model" in the body is ${JSON.stringify(own)}, not a name`) }
  }
  if (given !== null && own !== given) {
    const detail = `the body has the model "${own}", the run "${given}"`
    return { problem: problemOf(row, 'model_contradiction', detail) }
  }
  return { name: own, isInBody: true }
}
