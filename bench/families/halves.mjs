import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answersIn, FLOORS, OURS } from '../contenders/contenders.mjs'
import { findPeers } from '../contenders/peers.mjs'
import { assertWhole } from '../count-answers.mjs'
import { measure, sum } from '../measure.mjs'
import { startLocalServer, startSink } from '../servers.mjs'

/** @typedef {import('../cases.mjs').Case} Case */

/** Above this the local server would be what is measured. */
const MOST_ROWS_OF_SERVER = 100_000

const SIZES = {
  short: [{ rows: 50_000 }],
  all: [{ rows: 10_000 }, { rows: 50_000 }, { rows: 50_000, rowBytes: 4_000 }, { rows: 1_000_000, runs: 1 }],
}

/**
 * From the input file to the created batch, from the finished batch to the answers file, and both.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<Case[]>}
 */
export async function halvesCases({ isLong, rows }) {
  const sizes = rows === undefined ? SIZES[isLong ? 'all' : 'short'] : [{ rows }]
  const peers = isLong ? await findPeers() : []
  return sizes.map((size) => halvesCase(size, [...FLOORS, ...peers, OURS]))
}

/** @returns {Case} */
function halvesCase({ rowBytes = 1_000, rows, runs }, contenders) {
  const takers = contenders
    .filter(({ mostRows = Number.POSITIVE_INFINITY }) => rows <= mostRows)
    .map((contender) => ({
      name: contender.name,
      take: (folder, files) => takeHalves(contender, folder, files(rows, rowBytes), rows),
    }))
  return {
    family: 'halves',
    title: `${rows.toLocaleString('en-US')} rows of ${rowBytes / 1_000} KB, in halves`,
    runs,
    contenders: [copier(rows, rowBytes), ...takers],
  }
}

const COPY = fileURLToPath(new URL('../contenders/copy.mjs', import.meta.url))

/** The least that a program could do: read the bytes and write them. */
function copier(rows, rowBytes) {
  return {
    name: 'copy',
    take: async (folder, files) => {
      const submit = await measure([COPY, files(rows, rowBytes), join(folder, 'copy')], { folder })
      const collect = await measure([COPY, join(folder, 'copy'), answersIn(folder)], { folder })
      return { 'prepare + submit': submit, collect, both: sum(submit, collect) }
    },
  }
}

/** Both halves of one contender, with a server of its own that has nothing else to do. */
async function takeHalves(contender, folder, path, rows) {
  const server = await (rows > MOST_ROWS_OF_SERVER ? startSink : startLocalServer)(folder)
  try {
    const take = ({ exitCode, words }) =>
      measure(words, {
        folder,
        environment: { ...server.environment, ...contender.environment },
        exitCode,
        node: contender.node,
      })
    const submit = await take(contender.submit(path, folder))
    await server.drain()
    const collect = await take(contender.collect(path, folder))
    assertWhole(contender.name, rows, await server.drain(), answersIn(folder))
    return { 'prepare + submit': submit, collect, both: sum(submit, collect) }
  } finally {
    await server.stop()
  }
}
