import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** When a connection is cut that carries a text: before the server has it, or once the server has answered it. */
export type Cut = 'before' | 'after'

/** Stands before a server and cuts connections. */
export interface CuttingProxy {
  readonly port: number
  /** Cuts the next connection on which a client sends this text, once. */
  cutAt(text: string, when: Cut): void
  close(): Promise<void>
}

/** Starts a proxy before a server of this machine. */
export async function cuttingProxy(targetPort: number): Promise<CuttingProxy> {
  let next: { readonly text: string; readonly when: Cut } | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    let isAnswerCut = false
    const cut = (): void => {
      client.destroy()
      target.destroy()
    }
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', cut)
      socket.on('close', cut)
    }
    client.on('data', (bytes) => {
      if (next !== undefined && bytes.includes(next.text)) {
        const { when } = next
        next = undefined
        if (when === 'before') return cut()
        isAnswerCut = true
      }
      target.write(bytes)
    })
    target.on('data', (bytes) => {
      if (isAnswerCut) cut()
      else client.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cutAt: (text, when) => {
      next = { text, when }
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
