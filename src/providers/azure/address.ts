import type { Api, ApiRequest } from '../api.ts'

/**
 * The API root of a resource, whichever part of it the user wrote: `/openai/v1`, or `/openai` for a dated version, which all
 * calls name in their query.
 */
export function rootAt(baseUrl: string, apiVersion: string | undefined): string {
  // A base URL without a path was given the usual one.
  const resource = baseUrl.replace(/(?:\/openai)?(?:\/v1)?$/, '')
  return apiVersion === undefined ? `${resource}/openai/v1` : `${resource}/openai`
}

/** Where a dated version takes synchronous calls of a deployment. */
export function deploymentPath(deployment: string): string {
  return `/deployments/${encodeURIComponent(deployment)}`
}

/** The same API with the version in the query of every call; unchanged for the API without one. */
export function apiAt(api: Api, apiVersion: string | undefined): Api {
  if (apiVersion === undefined) return api
  const dated = <Request extends Omit<ApiRequest, 'method'>>(request: Request): Request => ({
    ...request,
    query: { ...request.query, 'api-version': apiVersion },
  })
  return {
    ...api,
    read: (request, schema, signal) => api.read(dated(request), schema, signal),
    readSized: (request, schema, signal) => api.readSized(dated(request), schema, signal),
    send: (request, schema, signal) => api.send(dated(request), schema, signal),
    sendForText: (request, signal) => api.sendForText(dated(request), signal),
    open: (request, signal) => api.open(dated(request), signal),
  }
}
