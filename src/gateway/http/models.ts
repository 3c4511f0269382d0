import { factsOf } from '../../providers/known.ts'
import type { GatewayContext, GatewaySurroundings } from './environment.ts'
import { passOrRefuse } from './pass.ts'

/** The provider's own list where calls may be passed on, else the models whose prices are known. */
export async function listModels(context: GatewayContext, surroundings: GatewaySurroundings): Promise<Response> {
  const { gateway, isPassing } = surroundings
  if (isPassing && gateway.provider.pass) return await passOrRefuse(context, surroundings, 'it has no list of models')
  const { name } = gateway.provider
  const models = new Set(factsOf(name).prices.map(({ model }) => model))
  const data = [...models].map((id) => ({ id, object: 'model', type: 'model', created: 0, owned_by: name }))
  return Response.json({ object: 'list', data, has_more: false })
}
