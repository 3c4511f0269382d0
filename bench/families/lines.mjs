import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLOORS, OURS } from '../contenders/contenders.mjs'
import { measure } from '../measure.mjs'
import { startLocalServer } from '../servers.mjs'

const MEGABYTE = 1_000_000

/**
 * One row of many megabytes, there and back: time must grow with the length and no faster.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<import('../cases.mjs').Case[]>}
 */
export async function lineCases({ isLong }) {
  const naive = FLOORS.filter(({ name }) => name === 'naive')
  return (isLong ? [1, 5, 20] : [1, 20]).map((megabytes) => ({
    family: 'lines',
    title: `one line of ${megabytes} MB`,
    contenders: [...naive, OURS].map((contender) => ({
      name: contender.name,
      take: (folder) => takeLine(contender, folder, megabytes * MEGABYTE),
    })),
  }))
}

async function takeLine(contender, folder, bytes) {
  const path = join(folder, 'line.jsonl')
  writeFileSync(path, `${JSON.stringify({ text: 'a line that does not end – '.repeat(bytes / 29) })}\n`)
  const server = await startLocalServer(folder)
  try {
    const { exitCode, words } = contender.submit(path, folder)
    // A single line may be answered before the command looks up.
    const options = { folder, environment: server.environment, exitCode: [exitCode ?? 0, 0] }
    return { 'prepare + submit': await measure(words, options) }
  } finally {
    await server.stop()
  }
}
