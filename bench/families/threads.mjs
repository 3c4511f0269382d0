import { OURS, planWords, writeConfiguration } from '../contenders/contenders.mjs'
import { measure } from '../measure.mjs'
import { startSink } from '../servers.mjs'

const SIZES = {
  short: [50_000],
  all: [20_000, 50_000, 500_000],
}

/**
 * Preparing with a thread of its own and without: a plan, which sends nothing, and a run up to its created batches.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<import('../cases.mjs').Case[]>}
 */
export async function threadCases({ isLong, rows }) {
  const sizes = rows === undefined ? SIZES[isLong ? 'all' : 'short'] : [rows]
  return sizes.map((size) => ({
    family: 'threads',
    title: `preparing ${size.toLocaleString('en-US')} rows of 1 KB`,
    contenders: [
      { name: 'one thread', take: (folder, files) => takePreparing(folder, files(size), false) },
      { name: 'ours', take: (folder, files) => takePreparing(folder, files(size), { aboveBytes: 0 }) },
    ],
  }))
}

async function takePreparing(folder, path, prepareThread) {
  const sink = await startSink(folder)
  try {
    const { exitCode, words } = OURS.submit(path, folder)
    writeConfiguration(folder, { prepareThread })
    const { environment } = sink
    const plan = await measure(planWords(path), { folder, environment })
    const submit = await measure(words, { folder, environment, exitCode })
    return { plan, 'prepare + submit': submit }
  } finally {
    await sink.stop()
  }
}
