import { hash } from 'node:crypto'

/** A call of a synchronous API, which is a row of a run. */
export interface Call {
  /** Such as `/v1/chat/completions`. */
  readonly endpoint: string
  /** JSON text of an object, as the program sends it. */
  readonly body: string
}

/** Row of a run that asks what a call asks. */
export interface CallRow {
  readonly custom_id: string
  readonly method: 'POST'
  readonly url: string
  readonly body: unknown
}

/**
 * The id of the row: the same for the same endpoint and body, whenever the program is started. Those of calls that are to be
 * answered each by itself differ by `occurrence`, from 1.
 */
export function callId({ body, endpoint }: Call, occurrence = 1): string {
  const digest = hash('sha256', `POST ${endpoint}\n${body}`, 'base64url')
  return occurrence === 1 ? `call-${digest}` : `call-${digest}-${occurrence}`
}

/** The id of a row that is a question of its own for this key, beside the same call under other keys or under none. */
export function keyedCallId({ body, endpoint }: Call, key: string): string {
  return `call-${hash('sha256', `POST ${endpoint}\n${JSON.stringify(key)}\n${body}`, 'base64url')}`
}

export function rowOf(id: string, { body, endpoint }: Call): CallRow {
  return { custom_id: id, method: 'POST', url: endpoint, body: JSON.parse(body) as unknown }
}
