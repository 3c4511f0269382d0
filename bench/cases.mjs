import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { callsCases } from './families/calls.mjs'
import { commandCases } from './families/command.mjs'
import { halvesCases } from './families/halves.mjs'
import { lineCases } from './families/lines.mjs'
import { machineCases } from './families/machines.mjs'
import { roadCases } from './families/road.mjs'
import { scaleCases } from './families/scale.mjs'
import { threadCases } from './families/threads.mjs'
import { waitingCases } from './families/waiting.mjs'
import { writeRows } from './rows.mjs'

/** @typedef {import('./measure.mjs').Measurement} Measurement */

/**
 * One thing that is measured, for several contenders that take turns.
 * @typedef {object} Case
 * @property {string} family What `--only` chooses.
 * @property {string} title
 * @property {number} [runs] As often as this, where it takes so long that `--runs` would be too much.
 * @property {readonly Taker[]} contenders
 * @property {string} [compared] The contender that is compared with all others. @default 'ours'
 */

/**
 * @typedef {object} Taker
 * @property {string} name
 * @property {(folder: string, rows: RowFiles) => Promise<Record<string, Measurement>>} take Measures once, by name of the
 * measure; `folder` is new and removed afterwards.
 */

/** @typedef {(count: number, rowBytes?: number) => string} RowFiles The path of a file with so many rows, made once. */

/** @typedef {{ isLong: boolean, rows?: number | undefined }} Wishes */

const FAMILIES = {
  road: roadCases,
  halves: halvesCases,
  threads: threadCases,
  lines: lineCases,
  command: commandCases,
  waiting: waitingCases,
  calls: callsCases,
  scale: scaleCases,
  machines: machineCases,
}

export const FAMILY_NAMES = Object.keys(FAMILIES)

/**
 * The cases of these families.
 * @param {readonly string[]} names
 * @param {Wishes} wishes
 * @returns {Promise<Case[]>}
 */
export async function casesOf(names, wishes) {
  const cases = []
  for (const name of names) cases.push(...(await FAMILIES[name](wishes)))
  return cases
}

/**
 * @param {string} folder
 * @returns {RowFiles}
 */
export function rowFiles(folder) {
  return (count, rowBytes = 1_000) => {
    const path = join(folder, `rows-${count}-${rowBytes}.jsonl`)
    if (!existsSync(path)) writeRows(path, count, rowBytes)
    return path
  }
}
