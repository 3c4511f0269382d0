import type { ServerResponse } from 'node:http'
import { answerJson, type HttpServer, type ReceivedRequest, startHttpServer } from './http-server.ts'

/** One request of the batch: its id, and the mark in its prompt that its answer must carry. */
interface Asked {
  readonly id: string
  readonly mark: string
}

/**
 * Starts a server with OpenAI's paths that takes one batch, calls it completed at once, and answers every row with its
 * prompt's `nonce:…` and a text of so many characters, the last row first.
 */
export function startLargeAnswers(characters: number): Promise<HttpServer> {
  const text = 'x'.repeat(characters)
  let asked: readonly Asked[] = []
  let created: Record<string, unknown> = {}
  const line = ({ id, mark }: Asked): string => {
    const message = { role: 'assistant', content: `${mark} ${text}` }
    const body = { model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }], usage: { prompt_tokens: 1 } }
    return `${JSON.stringify({ custom_id: id, response: { status_code: 200, body }, error: null })}\n`
  }
  const batch = (): object => ({ ...created, id: 'batch_1', status: 'completed', output_file_id: 'file-out' })

  async function answer({ body, method, path }: ReceivedRequest, response: ServerResponse): Promise<void> {
    const where = `${method} ${path.replace(/\?.*/, '')}`
    switch (where) {
      case 'POST /v1/files': {
        asked = askedIn(body.toString())
        return answerJson(response, 200, { id: 'file-in', filename: 'in.jsonl' })
      }
      case 'GET /v1/files/file-in':
        return answerJson(response, 200, { id: 'file-in' })
      case 'POST /v1/batches':
        created = JSON.parse(body.toString()) as Record<string, unknown>
        return answerJson(response, 200, batch())
      case 'GET /v1/batches':
        return answerJson(response, 200, { data: [batch()], has_more: false })
      case 'GET /v1/batches/batch_1':
        return answerJson(response, 200, batch())
      case 'GET /v1/files/file-out': {
        const bytes = asked.reduce((sum, row) => sum + Buffer.byteLength(line(row)), 0)
        return answerJson(response, 200, { id: 'file-out', bytes })
      }
      case 'GET /v1/files/file-out/content':
        response.writeHead(200, { 'content-type': 'application/octet-stream' })
        for (const row of asked.toReversed()) {
          if (!response.write(line(row))) await new Promise((resolve) => response.once('drain', resolve))
        }
        return void response.end()
      default:
        return answerJson(response, 404, { error: { message: `no ${where}`, code: 'absent' } })
    }
  }

  return startHttpServer(answer)
}

function askedIn(upload: string): readonly Asked[] {
  return upload
    .split(/\r?\n/)
    .filter((text) => text.startsWith('{"custom_id"'))
    .map((text) => ({
      id: (JSON.parse(text) as { readonly custom_id: string }).custom_id,
      mark: /nonce:[\w-]+/.exec(text)?.[0] ?? '',
    }))
}
