import { answersIn, FLOORS, OURS } from '../contenders/contenders.mjs'
import { OFFICIAL_SDK } from '../contenders/peers.mjs'
import { assertWhole } from '../count-answers.mjs'
import { measure } from '../measure.mjs'
import { startSink } from '../servers.mjs'

const SIZES = {
  short: [{ rows: 50_000 }, { rows: 50_000, rowBytes: 4_000 }],
  all: [{ rows: 50_000 }, { rows: 50_000, rowBytes: 4_000 }, { rows: 1_000_000, runs: 1 }],
}

/** Every batch has ended when it is looked at for the first time. */
const POLLS = 1

/**
 * The whole road as users take it: one command from the input file to the answers file.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<import('../cases.mjs').Case[]>}
 */
export async function roadCases({ isLong, rows }) {
  const sizes = rows === undefined ? SIZES[isLong ? 'all' : 'short'] : [{ rows }]
  return sizes.map((size) => roadCase(size, [...FLOORS, ...(isLong ? [OFFICIAL_SDK] : []), OURS]))
}

function roadCase({ rowBytes = 1_000, rows, runs }, contenders) {
  return {
    family: 'road',
    title: `${rows.toLocaleString('en-US')} rows of ${rowBytes / 1_000} KB`,
    runs,
    contenders: contenders
      .filter(({ mostRows = Number.POSITIVE_INFINITY }) => rows <= mostRows)
      .map((contender) => ({
        name: contender.name,
        take: (folder, files) => takeRoad(contender, folder, files(rows, rowBytes), rows),
      })),
  }
}

async function takeRoad(contender, folder, path, rows) {
  const sink = await startSink(folder, { polls: POLLS })
  try {
    const { words } = contender.road(path, folder)
    const road = await measure(words, { folder, environment: sink.environment })
    assertWhole(contender.name, rows, await sink.drain(), answersIn(folder))
    return { 'whole road': road }
  } finally {
    await sink.stop()
  }
}
