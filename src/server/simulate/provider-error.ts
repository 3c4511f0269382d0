/** An error as the API words it. */
export interface ApiError {
  readonly status: number
  readonly message: string
  readonly type: string
  readonly code: string | null
  readonly param: string | null
}

const BY_STATUS: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  400: ['invalid_request_error', 'invalid_value', 'Invalid value in the request.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  402: ['insufficient_quota', 'insufficient_quota', 'Insufficient funds.'],
  403: ['invalid_request_error', 'unsupported_country_region_territory', 'Request not allowed.'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist or you do not have access to it.'],
  408: ['server_error', 'timeout', 'Request timed out.'],
  409: ['invalid_request_error', 'conflict', 'The resource is in use.'],
  413: ['invalid_request_error', null, 'Request Entity Too Large'],
  422: ['invalid_request_error', null, 'Unprocessable request.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached. Please try again later.'],
  500: ['server_error', 'server_error', 'The server had an error while processing your request.'],
  503: ['server_error', 'service_unavailable', 'The engine is currently overloaded, please try again later.'],
  504: ['server_error', 'timeout', 'Timed out generating response.'],
}

/** The usual error of a status. */
export function usualError(status: number): ApiError {
  const [type, code, message] = BY_STATUS[status] ?? (status >= 500 ? BY_STATUS[500] : BY_STATUS[400]) ?? ['', null, '']
  return { status, type, code, message, param: null }
}
