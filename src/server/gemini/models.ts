import type { JsonObject } from '../../lib/json.ts'
import type { ServerContext } from '../http/environment.ts'
import { ownerOf, type RouteContext } from '../http/route-context.ts'
import { isModel, modelNames, toldOf } from '../models.ts'
import { noSuchModel } from './errors.ts'
import { tokenPage } from './page.ts'

/** `GET /models`. */
export async function listModels(route: RouteContext, context: ServerContext): Promise<Response> {
  const models = modelNames(route.simulator, ownerOf(route, context)).map((id) => ({ id }))
  return await tokenPage(context, 'models', models, ({ id }) => modelObject(route, id))
}

/** `GET /models/{model}`. */
export function showModel(route: RouteContext, name: string): Response {
  return isModel(name) ? Response.json(modelObject(route, name)) : noSuchModel(name, 'generateContent')
}

function modelObject({ simulator }: RouteContext, name: string): JsonObject {
  const methods = name.includes('embedding')
    ? ['embedContent', 'asyncBatchEmbedContent']
    : ['generateContent', 'countTokens', 'batchGenerateContent']
  const { canBatch } = toldOf(simulator, name)
  return {
    name: `models/${name}`,
    displayName: name,
    supportedGenerationMethods: methods.filter((method) => canBatch || !/batch/i.test(method)),
  }
}
