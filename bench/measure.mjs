import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What one process took. Processor time is steadier than time where other programs use the machine.
 * @typedef {object} Measurement
 * @property {number} milliseconds From start to end of the process, so Node's own start is in it, the same for all.
 * @property {number} processorMilliseconds In user and system mode, over all of the process's threads.
 * @property {number} peakBytes The most memory it ever held (resident set).
 * @property {number} [catalogBytes] What it left in the database of its home, where that was looked at.
 */

const PRELOAD = new URL('./report-usage.mjs', import.meta.url).href

/** Processes that were measured; several may be at work at once. */
let measured = 0

/**
 * Runs a program in a process of its own and measures it. Throws where it exits with another code than expected.
 * @param {readonly string[]} words Node's arguments: the script and its own.
 * @param {object} options
 * @param {string} options.folder Where it runs.
 * @param {Record<string, string>} [options.environment]
 * @param {number | readonly number[]} [options.exitCode] The one, or those, that mean success.
 * @param {string} [options.node] Another Node than this one.
 * @param {Promise<unknown>} [options.until] When this resolves the program is interrupted, and its time counts to then.
 * @returns {Promise<Measurement>}
 */
export async function measure(words, { folder, environment = {}, exitCode = 0, node = process.execPath, until }) {
  measured += 1
  const usageFile = join(folder, `usage-${measured}.txt`)
  const env = { PATH: process.env.PATH, HOME: folder, BENCH_USAGE_FILE: usageFile, ...environment }
  const startedAt = performance.now()
  const child = spawn(node, [...nodeFlags(), '--import', PRELOAD, ...words], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pieces = []
  child.stdout.on('data', (piece) => pieces.push(piece))
  child.stderr.on('data', (piece) => pieces.push(piece))
  let reachedAt
  void until?.then(() => {
    reachedAt = performance.now()
    return child.kill('SIGINT')
  })
  const [code] = await once(child, 'close')
  const milliseconds = (reachedAt ?? performance.now()) - startedAt
  if (![exitCode].flat().includes(code))
    throw new Error(`${words.join(' ')} exited with ${code}:\n${Buffer.concat(pieces).toString()}`)
  return { milliseconds, ...JSON.parse(readFileSync(usageFile, 'utf8')) }
}

/**
 * One after the other.
 * @param {Measurement} one
 * @param {Measurement} other
 * @returns {Measurement}
 */
export function sum(one, other) {
  return {
    milliseconds: one.milliseconds + other.milliseconds,
    processorMilliseconds: one.processorMilliseconds + other.processorMilliseconds,
    peakBytes: Math.max(one.peakBytes, other.peakBytes),
  }
}

/**
 * Side by side: their processor time is added up, and the most memory is that of the largest one.
 * @param {readonly Measurement[]} measurements
 * @param {number} milliseconds From the start of the first to the end of the last.
 * @returns {Measurement}
 */
export function together(measurements, milliseconds) {
  return {
    milliseconds,
    processorMilliseconds: measurements.reduce((total, one) => total + one.processorMilliseconds, 0),
    peakBytes: Math.max(...measurements.map(({ peakBytes }) => peakBytes)),
  }
}

/** Flags for the measured process, such as `--cpu-prof --cpu-prof-dir=/tmp/profiles`; see README.md. */
function nodeFlags() {
  return (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '')
}
