import type { Readable, Writable } from 'node:stream'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import type { AgentPlace } from './agent-place.ts'
import { agentServer } from './server.ts'

/** A server that answers a client. */
export interface ServedAgents {
  /** Resolves when the client has closed its end. */
  readonly closed: Promise<void>
  /** Ends the connection; runs go on in processes of their own. */
  close(): Promise<void>
}

/** Longest message of a client. */
const MOST_BYTES = 10_000_000

/** Serves the client at the other end of two streams, whichever revision of the protocol it speaks. */
export function serveAgents(
  place: AgentPlace,
  { input, output }: { readonly input: Readable; readonly output: Writable },
): ServedAgents {
  const transport = new StdioServerTransport(input, output, { maxBufferSize: MOST_BYTES })
  const closed = new Promise<void>((resolve) => {
    input.once('end', resolve)
    input.once('close', resolve)
  })
  const handle = serveStdio(() => agentServer(place), { transport })
  return { closed, close: () => handle.close() }
}
