import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * One way to take the road, as two programs: the first ends when the batch is created, the second begins when the
 * server has finished it. `folder` is new for every measurement.
 * @typedef {object} Contender
 * @property {string} name
 * @property {number} [mostRows] Above this it is left out, because it holds everything in memory.
 * @property {string} [node] Another Node than this one.
 * @property {(rowsPath: string, folder: string) => Program} submit
 * @property {(rowsPath: string, folder: string) => Program} collect
 */

/** @typedef {{ words: string[], exitCode?: number }} Program Node's arguments, and the exit code that means success. */

const MODEL = 'openai/gpt-6.1-terra'
const PROMPT = '{{text}}'

/** The exit code for "not finished, come back". */
const UNFINISHED = 75

/** The built command. */
export const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Holding all rows as objects takes a gigabyte for every 300,000 of them. */
const MOST_ROWS_IN_MEMORY = 200_000

/** @type {readonly Contender[]} */
export const FLOORS = [
  script('naive', new URL('naive.mjs', import.meta.url), { mostRows: MOST_ROWS_IN_MEMORY }),
  script('bare', new URL('bare.mjs', import.meta.url)),
]

/** The built command, as users type it. */
export const OURS = {
  name: 'ours',
  submit: (rows, folder) => {
    writeConfiguration(folder)
    return { words: runWords(rows, folder), exitCode: UNFINISHED }
  },
  collect: () => ({ words: [COMMAND, 'resume', 'last', '--quiet'] }),
}

/** What to type for a new run that is submitted and left. */
function runWords(rows, folder) {
  const what = [rows, '--model', MODEL, '--prompt', PROMPT, '-o', answersIn(folder), '--yes']
  return [COMMAND, 'run', ...what, '--no-wait', '--quiet']
}

/** What to type for a plan. */
export function planWords(rows) {
  return [COMMAND, 'plan', rows, '--model', MODEL, '--prompt', PROMPT]
}

/**
 * A script that takes the road: `submit ROWS BATCH_FILE ID_FILE`, then `collect ROWS ID_FILE ANSWERS RESULT_FILE`.
 * @param {string} name
 * @param {URL} url
 * @param {Partial<Contender>} [facts]
 * @returns {Contender}
 */
export function script(name, url, facts = {}) {
  const path = fileURLToPath(url)
  return {
    name,
    ...facts,
    submit: (rows, folder) => ({ words: [path, 'submit', rows, join(folder, 'batch.jsonl'), join(folder, 'id')] }),
    collect: (rows, folder) => ({
      words: [path, 'collect', rows, join(folder, 'id'), answersIn(folder), join(folder, 'results.jsonl')],
    }),
  }
}

/** Keeps the state in the folder and looks at batches often, because the servers here are quick. */
export function writeConfiguration(folder, waits = { poll: '50ms' }) {
  writeFileSync(join(folder, 'llm-batch.config.json'), JSON.stringify({ home: 'home', waits }))
}

/**
 * Where a contender leaves its answers.
 * @param {string} folder
 */
export function answersIn(folder) {
  return join(folder, 'answers.jsonl')
}
