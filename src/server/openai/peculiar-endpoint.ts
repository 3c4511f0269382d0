import { DIALECT } from '../dialects.ts'
import type { PlayedHost } from './host.ts'

type Peculiarities = PlayedHost['are']

/** An endpoint of OpenAI as the host writes it in a batch. */
export function endpointAsWritten(are: Peculiarities, endpoint: string): string {
  if (are.has('plain-endpoints')) return endpoint.replace('/v1/', '/')
  return endpointOfLine(are, endpoint)
}

/** The same on the lines of an input. */
export function endpointOfLine(are: Peculiarities, endpoint: string): string {
  return are.has('v4-endpoints') ? endpoint.replace('/v1/', '/v4/') : endpoint
}

/** The endpoint of OpenAI that a create means; undefined where the host has none of this spelling. */
export function endpointRead(are: Peculiarities, written: string): string | undefined {
  return DIALECT.openai.endpoints.find((endpoint) => endpointAsWritten(are, endpoint) === written)
}
