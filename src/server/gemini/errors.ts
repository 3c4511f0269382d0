/** The words of google.rpc for HTTP statuses. */
const WORDS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** The word beside an HTTP status. */
export function statusWord(status: number): string {
  return WORDS[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT')
}

/** A refusal as the API writes it. */
export function geminiError(status: number, message: string, details: readonly object[] = []): Response {
  const error = { code: status, message, status: statusWord(status), ...(details.length === 0 ? {} : { details }) }
  return Response.json({ error }, { status })
}

/** What the API answers for a file that is not there: it does not say whether it exists. */
export function noSuchFile(id: string): Response {
  return geminiError(403, `You do not have permission to access the File ${id} or it may not exist.`)
}

/** What it answers for a batch that is not there. */
export function noSuchBatch(id: string): Response {
  return geminiError(404, `Batch batches/${id} does not exist.`)
}

/** What it answers for a model that is not there, or does not do what the call asks. */
export function noSuchModel(model: string, method: string): Response {
  const text = `models/${model} is not found for API version v1beta, or is not supported for ${method}.`
  return geminiError(404, text)
}
