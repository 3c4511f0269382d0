// The local batch server in a process of its own, so that its work is not counted as the client's. Started with
// `fork`; tells its address, answers `drain` when all batches have ended, and ends with its parent.
import { startLocalServer } from '../dist/testing.js'

const server = await startLocalServer({ folder: process.argv[2] ?? '', seed: 1 })
process.on('message', () => void drain())
process.on('disconnect', () => void server.close())
process.send?.({ url: server.openaiUrl })

async function drain() {
  await server.drain()
  // Ours asks the first rows of a large run directly.
  const { directCalls, rowsBilled } = await server.ledger()
  process.send?.({ rowsBilled: rowsBilled + directCalls })
}
