import { fileURLToPath } from 'node:url'
import { writeConfiguration } from '../contenders/contenders.mjs'
import { measure } from '../measure.mjs'
import { startLocalServer } from '../servers.mjs'

const PROGRAM = fileURLToPath(new URL('../contenders/calls.mjs', import.meta.url))
const CALLS = 10_000

/**
 * Many open calls of a program that uses the official client, beside the client alone, which is answered at once.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<import('../cases.mjs').Case[]>}
 */
export async function callsCases({ rows = CALLS }) {
  return [
    {
      family: 'calls',
      title: `${rows.toLocaleString('en-US')} calls at once`,
      contenders: [
        { name: 'client alone', take: (folder) => takeAlone(folder, rows) },
        { name: 'ours', take: (folder) => takeCalls(folder, rows) },
      ],
    },
  ]
}

async function takeAlone(folder, rows) {
  const alone = () => measure([PROGRAM, String(rows), 'instant'], { folder })
  return { 'asked and answered': await alone(), 'started again': await alone() }
}

/** The program, and the program once more, which is answered from disk. */
async function takeCalls(folder, rows) {
  const server = await startLocalServer(folder)
  try {
    writeConfiguration(folder)
    const ours = () => measure([PROGRAM, String(rows), 'ours'], { folder, environment: server.environment })
    const answered = await ours()
    const billed = await server.drain()
    const again = await ours()
    if ((await server.drain()) !== billed) throw new Error('the program that was started again bought calls')
    return { 'asked and answered': answered, 'started again': again }
  } finally {
    await server.stop()
  }
}
