import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type LocalServer, type LocalServerOptions, startLocalServer } from '../../src/testing.ts'

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A local server that is closed, and its folder removed, after the test. */
export async function serverForTest(options: Partial<LocalServerOptions> = {}): Promise<LocalServer> {
  const server = await startLocalServer({ folder: await temporaryFolder(), ...options })
  onTestFinished(() => server.close())
  return server
}

/** A batch in either dialect, with the members that tests look at. */
export interface RawBatch {
  readonly id: string
  readonly status: string
  readonly metadata: unknown
  readonly errors: unknown
  readonly output_file_id: string | null
  readonly error_file_id: string | null
  readonly output_file: string | null
  readonly request_counts: { readonly total: number; readonly completed: number; readonly failed: number }
}

/** A result line in either dialect. */
export interface RawResult {
  readonly custom_id: string
  readonly response: unknown
  readonly error: unknown
}

/** A plain HTTP client of OpenAI's dialect, without any of an SDK's kindness. */
export class RawClient {
  readonly #base: string
  readonly #key: string

  constructor(base: string, key = 'sk-test') {
    this.#base = base
    this.#key = key
  }

  async send(method: string, path: string, body?: object): Promise<Response> {
    const isForm = body instanceof FormData
    const headers: Record<string, string> = { authorization: `Bearer ${this.#key}` }
    if (body && !isForm) headers['content-type'] = 'application/json'
    return await fetch(this.#base + path, {
      method,
      headers,
      redirect: 'manual',
      ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
    })
  }

  async json<Answer = unknown>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await this.send(method, path, body)
    return (await response.json()) as Answer
  }

  /** Stores text as an input file and gives its id. */
  async upload(text: string | Uint8Array, name = 'rows.jsonl'): Promise<string> {
    const form = new FormData()
    form.set('purpose', 'batch')
    form.set('file', new File([typeof text === 'string' ? text : Buffer.from(text)], name))
    return (await this.json<{ readonly id: string }>('POST', '/files', form)).id
  }

  /** Creates a batch from a stored file. */
  async create(inputFileId: string, endpoint = '/v1/chat/completions'): Promise<RawBatch> {
    return await this.json('POST', '/batches', { input_file_id: inputFileId, endpoint, completion_window: '24h' })
  }

  async batch(id: string): Promise<RawBatch> {
    return await this.json('GET', `/batches/${id}`)
  }

  /** The lines of a result file. */
  async lines(fileId: string | null): Promise<RawResult[]> {
    const text = await (await this.send('GET', `/files/${fileId}/content`)).text()
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RawResult)
  }
}

/** A correct line of an OpenAI input file, with other parts where given. */
export function requestLine(id: string, prompt: string, parts: object = {}, body: object = {}): string {
  const messages = [{ role: 'user', content: prompt }]
  const request = { model: 'gpt-6-luna', messages, ...body }
  return JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body: request, ...parts })
}
