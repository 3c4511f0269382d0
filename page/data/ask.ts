import type { ApiError } from '../../src/ui/contract.ts'

/** Failure of a question to the server, in words for people. */
export class AskFailure extends Error {
  /** A word such as `not_found`; `unreachable` where no server answered. */
  readonly code: string
  /** What to do next; empty where there is nothing to say. */
  readonly next: string

  constructor(code: string, message: string, next: string) {
    super(message)
    this.code = code
    this.next = next
  }
}

const UNREACHABLE = 'Start it again with: llm-batch ui'

/** Asks for what a path below `api/` tells; may be repeated. Throws an `AskFailure`. */
export function ask<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return answered<Answer>(path, signal ? { signal } : {})
}

/** Has the server do something; throws an `AskFailure`. Never repeated by itself. */
export function act<Answer>(path: string, body: object): Promise<Answer> {
  return answered<Answer>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** A path with its parameters; those that are null, empty or undefined are left out. */
export function withParameters(path: string, parameters: Readonly<Record<string, string | number | null | undefined>>) {
  const all = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') all.set(name, String(value))
  }
  const text = all.toString()
  return text === '' ? path : `${path}?${text}`
}

async function answered<Answer>(path: string, options: RequestInit): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(`api/${path}`, options)
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new AskFailure('unreachable', 'The server of this page does not answer.', UNREACHABLE)
  }
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return answer as Answer
  const { error } = (answer as Partial<ApiError> | undefined) ?? {}
  if (error) throw new AskFailure(error.code, error.message, error.next)
  throw new AskFailure('unreadable', `The server answered with status ${response.status} and nothing else.`, '')
}
