// The local batch server in a process of its own, so that its work is not counted as the client's. Started with
// `fork`; tells its address, answers `drain` when all batches have ended, and ends with its parent.
import { startLocalServer } from '../dist/testing.js'

/** The floors send everything in one batch, however large. */
const MOST_BYTES = 8_000_000_000
const MOST_REQUESTS = 2_000_000

const server = await startLocalServer({
  folder: process.argv[2] ?? '',
  seed: 1,
  maxBytes: MOST_BYTES,
  maxRequests: MOST_REQUESTS,
  // A model that answers badly at given rates, such as `invalid=0.05,fenced=0.1`.
  answers: process.argv[3],
})
process.on('message', () => void drain())
process.on('disconnect', () => void server.close())
process.send?.({ url: server.openaiUrl })

async function drain() {
  await server.drain()
  // Ours asks the first rows of a large run directly.
  const { directCalls, rowsBilled } = await server.ledger()
  process.send?.({ rowsBilled: rowsBilled + directCalls })
}
