import { isJsonObject } from '../../../lib/json.ts'
import { findProblem } from '../../error-text.ts'
import type { BackgroundShape, BackgroundState, SynchronousReply } from '../../provider.ts'

/** The endpoint whose answers can be asked for first and fetched later. */
export const RESPONSES_ENDPOINT = '/v1/responses'

/** Responses in the background, by OpenAI's API description (August 2026). */
export const BACKGROUND_RESPONSES: BackgroundShape = {
  idPrefix: 'resp_',
  unfinishedBody: (state) => JSON.stringify(responseObject(state)),
  finishedBody: ({ body, status }, state) => {
    const answer = objectOf(body)
    if (answer !== undefined && status >= 200 && status <= 299) {
      return JSON.stringify({ ...answer, id: state.id, background: true })
    }
    return JSON.stringify(responseObject({ ...state, status: 'failed' }, problemOf(answer, status)))
  },
}

/** With all members that the official clients read of any response. */
function responseObject(
  {
    at,
    id,
    model,
    status,
  }: Omit<BackgroundState, 'status'> & { readonly status: BackgroundState['status'] | 'failed' },
  error: object | null = null,
): object {
  return {
    id,
    object: 'response',
    created_at: Math.floor(at.getTime() / 1_000),
    status,
    background: true,
    error,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model,
    output: [],
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    usage: null,
  }
}

function problemOf(answer: unknown, status: SynchronousReply['status']): object {
  const { code, message } = findProblem(answer) ?? { code: null, message: `the call failed with status ${status}` }
  return { code: code ?? `status_${status}`, message }
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    // An answer that is not JSON is told as one that failed.
    return undefined
  }
}
