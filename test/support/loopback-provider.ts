import type { ServerResponse } from 'node:http'
import type { ConformanceFault } from '../../src/providers/conformance.ts'
import { answerJson, type HttpServer, type ReceivedRequest, startHttpServer } from './http-server.ts'

/** What differs between the two APIs, as far as adapters use them. */
interface Dialect {
  /** The path of the list of batches. */
  readonly root: string
  readonly batch: (facts: BatchFacts) => Record<string, unknown>
  readonly page: (items: readonly unknown[]) => Record<string, unknown>
  readonly error: (status: number, message: string) => unknown
}

interface BatchFacts {
  readonly id: string
  readonly request: Record<string, unknown>
  status: 'queued' | 'done' | 'cancelling' | 'cancelled'
  outputFileId: string | null
}

const OPENAI: Dialect = {
  root: '/v1/batches',
  batch: ({ id, outputFileId, request, status }) => ({
    id,
    object: 'batch',
    endpoint: request['endpoint'],
    errors: null,
    input_file_id: request['input_file_id'],
    completion_window: '24h',
    status: { queued: 'validating', done: 'completed', cancelling: 'cancelling', cancelled: 'cancelled' }[status],
    output_file_id: outputFileId,
    error_file_id: '',
    created_at: 1_763_900_000,
    expires_at: 1_763_986_400,
    request_counts: { total: 1, completed: 0, failed: 0 },
    metadata: request['metadata'],
  }),
  page: (data) => ({ object: 'list', data, has_more: false }),
  error: (status, message) => ({ error: { message, type: 'invalid_request_error', param: null, code: `e${status}` } }),
}

const MISTRAL: Dialect = {
  root: '/v1/batch/jobs',
  batch: ({ id, outputFileId, request, status }) => ({
    id,
    object: 'batch',
    input_files: request['input_files'],
    metadata: request['metadata'],
    endpoint: request['endpoint'],
    model: request['model'],
    output_file: outputFileId,
    error_file: null,
    errors: [],
    status: { queued: 'QUEUED', done: 'SUCCESS', cancelling: 'CANCELLATION_REQUESTED', cancelled: 'CANCELLED' }[status],
    created_at: 1_763_900_000,
    total_requests: 1,
    completed_requests: 0,
    succeeded_requests: 0,
    failed_requests: 0,
  }),
  page: (data) => ({ object: 'list', data, total: data.length }),
  error: (status, message) => (status === 401 ? { detail: message } : { object: 'error', message, code: `e${status}` }),
}

const DIALECTS = { openai: OPENAI, mistral: MISTRAL }

const ANSWER = {
  object: 'chat.completion',
  model: 'small-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
}

/** A provider of one file and one batch at a time: just enough truth for the conformance cases. */
export class LoopbackProvider {
  readonly #dialect: Dialect
  readonly #files = new Map<string, { name: string; bytes: Buffer }>()
  readonly #batches = new Map<string, BatchFacts>()
  readonly #faults: ConformanceFault[] = []
  creates = 0

  constructor(name: keyof typeof DIALECTS) {
    this.#dialect = DIALECTS[name]
  }

  start(): Promise<HttpServer> {
    return startHttpServer((request, response) => this.#answer(request, response))
  }

  failNext(fault: ConformanceFault, calls: number): void {
    for (let count = 0; count < calls; count += 1) this.#faults.push(fault)
  }

  finish(id: string): void {
    const batch = this.#batches.get(id)
    const [input] = this.#files.values()
    if (!batch || !input) throw new Error(`no batch ${id}`)
    const { custom_id } = JSON.parse(input.bytes.toString()) as { custom_id: string }
    const line = { id: 'r1', custom_id, response: { status_code: 200, body: ANSWER }, error: null }
    batch.outputFileId = 'file-output'
    batch.status = batch.status === 'cancelling' ? 'cancelled' : 'done'
    this.#files.set('file-output', { name: 'output.jsonl', bytes: Buffer.from(`${JSON.stringify(line)}\n`) })
  }

  #answer(request: ReceivedRequest, response: ServerResponse): void {
    if (request.method === 'POST' && request.path === this.#dialect.root) this.creates += 1
    const fault = this.#faults.shift()
    if (fault === undefined) return this.#serve(request, response)
    const refuse = (status: number): void => answerJson(response, status, this.#dialect.error(status, 'made to fail'))
    switch (fault) {
      case 'lost':
        if (request.method === 'POST') this.#act(request)
        return void response.destroy()
      case 'server_error':
        return refuse(500)
      case 'throttled':
        return refuse(429)
      case 'refused':
        return refuse(400)
      case 'unauthorised':
        return refuse(401)
      case 'page':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>')
      case 'page_not_found':
        return void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>404</html>')
      case 'redirect':
        return void response.writeHead(307, { location: 'https://elsewhere.example/' }).end()
      default:
        return fault satisfies never
    }
  }

  #serve(request: ReceivedRequest, response: ServerResponse): void {
    const [status, value] = this.#act(request)
    if (Buffer.isBuffer(value)) response.writeHead(status, { 'content-length': value.length }).end(value)
    else answerJson(response, status, value)
  }

  #act({ body, headers, method, path }: ReceivedRequest): readonly [status: number, value: unknown] {
    const { root } = this.#dialect
    const where = path.replace(/\?.*/, '')
    const absent = [404, this.#dialect.error(404, 'not found')] as const
    if (method === 'POST' && where === '/v1/files') return [200, this.#store(body, headers['content-type'] ?? '')]
    if (where === '/v1/files') return [200, this.#dialect.page([...this.#files.keys()].map((id) => this.#file(id)))]
    if (where.startsWith('/v1/files/')) {
      const [id = '', part] = where.slice('/v1/files/'.length).split('/')
      const file = this.#files.get(id)
      if (!file) return absent
      if (method === 'DELETE') this.#files.delete(id)
      return [200, part === 'content' ? file.bytes : method === 'DELETE' ? { id, deleted: true } : this.#file(id)]
    }
    if (method === 'POST' && where === root) return [200, this.#create(JSON.parse(body.toString()))]
    if (where === root) return [200, this.#dialect.page([...this.#batches.values()].map(this.#dialect.batch))]
    if (where.startsWith(`${root}/`)) {
      const [id = '', part] = where.slice(root.length + 1).split('/')
      const batch = this.#batches.get(id)
      if (!batch) return absent
      const hasEnded = batch.status === 'done' || batch.status === 'cancelled'
      if (part === 'cancel' && hasEnded) return [400, this.#dialect.error(400, 'it has ended')]
      if (part === 'cancel') batch.status = 'cancelling'
      return [200, this.#dialect.batch(batch)]
    }
    return where === '/v1/chat/completions' ? [200, ANSWER] : absent
  }

  #store(body: Buffer, contentType: string): unknown {
    const boundary = /boundary=(.+)$/.exec(contentType)?.[1] ?? ''
    const text = body.toString('latin1')
    const start = text.indexOf('\r\n\r\n', text.indexOf('name="file"')) + 4
    const bytes = body.subarray(start, text.lastIndexOf(`\r\n--${boundary}--`))
    const id = `file-${this.#files.size + 1}`
    this.#files.set(id, { name: /filename="([^"]*)"/.exec(text)?.[1] ?? '', bytes })
    return this.#file(id)
  }

  #file(id: string): unknown {
    const file = this.#files.get(id)
    return {
      id,
      object: 'file',
      bytes: file?.bytes.length,
      filename: file?.name,
      created_at: 1_763_900_000,
      purpose: 'batch',
    }
  }

  #create(request: Record<string, unknown>): unknown {
    const batch: BatchFacts = { id: `batch_${this.#batches.size + 1}`, request, status: 'queued', outputFileId: null }
    this.#batches.set(batch.id, batch)
    return this.#dialect.batch(batch)
  }
}
