import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived, whole. */
export interface ReceivedRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface HttpServer {
  /** Such as `http://127.0.0.1:41234`. */
  readonly origin: string
  /** All that came, in order. */
  readonly received: readonly ReceivedRequest[]
  /** Connections accepted so far. */
  readonly connections: number
  close(): Promise<void>
}

/** A real server on a free port of this machine; every request is read to its end before it is answered. */
export async function startHttpServer(
  answer: (request: ReceivedRequest, response: ServerResponse) => unknown,
): Promise<HttpServer> {
  const received: ReceivedRequest[] = []
  let connections = 0
  const server = createServer((incoming, response) => {
    void readWhole(incoming).then(
      (request) => {
        received.push(request)
        return answer(request, response)
      },
      () => response.destroy(),
    )
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get connections() {
      return connections
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

export function answerJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

async function readWhole(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const pieces: Buffer[] = []
  for await (const piece of incoming) pieces.push(piece as Buffer)
  const { headers, method = '', url: path = '' } = incoming
  return { method, path, headers, body: Buffer.concat(pieces) }
}
