import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../../model/error.ts'

/** The worker as its health server sees it. */
export interface HealthSource {
  /** True while the worker does its work. */
  isWell(): boolean
  metrics(): Promise<string>
}

/** Answers `/healthz` (200 or 503) and `/metrics` (text of Prometheus) on a port; 0 for any that is free. */
export async function startHealthServer(port: number, source: HealthSource): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '', response, source)
  })
  server.listen(port)
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => closeAll(server) }
}

async function answer(url: string, response: ServerResponse, source: HealthSource): Promise<void> {
  try {
    if (url === '/healthz') send(response, source.isWell() ? 200 : 503, source.isWell() ? 'ok\n' : 'not at work\n')
    else if (url === '/metrics') send(response, 200, await source.metrics())
    else send(response, 404, 'llm-batch worker: /healthz, /metrics\n')
  } catch (error) {
    send(response, 503, `${messageOf(error)}\n`)
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  response.end(text)
}

function closeAll(server: Server): void {
  server.close()
  server.closeAllConnections()
}
