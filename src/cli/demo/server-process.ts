import { startLocalServer } from '../../server/start.ts'
import type { Question, ServerSettings } from './server.ts'

/**
 * The local batch server as a process of its own, started by the demo: tells its address, answers questions about
 * its books, and ends with the demo, in whatever way that ends.
 */
const settings = JSON.parse(process.argv[2] ?? '') as ServerSettings
const server = await startLocalServer(settings)

// Ctrl-C reaches every process of a terminal; this one ends when the demo has no more use for it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
process.on('disconnect', () => void server.close().then(() => process.exit()))
process.on('message', (question: Question) => void answer(question))
process.send?.({ url: server.url })

async function answer(question: Question): Promise<void> {
  if (question === 'final-ledger') await server.drain()
  process.send?.(await server.ledger())
}
