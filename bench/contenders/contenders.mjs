import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * One way to take the road: as one program, and as two of which the first ends when the batch is created and the second
 * begins when the server has finished it. `folder` is new for every measurement.
 * @typedef {object} Contender
 * @property {string} name
 * @property {number} [mostRows] Above this it is left out, because it holds everything in memory.
 * @property {string} [node] Another Node than this one.
 * @property {(rowsPath: string, folder: string) => Program} road
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
  road: (rows, folder) => {
    writeConfiguration(folder)
    return { words: runWords(rows, folder) }
  },
  submit: (rows, folder) => {
    writeConfiguration(folder)
    return { words: [...runWords(rows, folder), '--no-wait'], exitCode: UNFINISHED }
  },
  collect: () => ({ words: [COMMAND, 'resume', 'last', '--quiet'] }),
}

/** What to type for a new run. */
function runWords(rows, folder) {
  const what = [rows, '--model', MODEL, '--prompt', PROMPT, '-o', answersIn(folder), '--yes']
  return [COMMAND, 'run', ...what, '--quiet']
}

/** What to type for a run that is left to workers; its number makes it another one than a run of the same rows. */
export function leaveWords(rows, number) {
  const what = [rows, '--model', MODEL, '--prompt', `${number}: ${PROMPT}`, '--name', nameOf(number), '--detach']
  return { words: [COMMAND, 'run', ...what, '--yes', '--quiet'], exitCode: UNFINISHED }
}

/** The name of a run that was left to workers. */
export function nameOf(number) {
  return `run-${number}`
}

/** What to type for a plan. */
export function planWords(rows) {
  return [COMMAND, 'plan', rows, '--model', MODEL, '--prompt', PROMPT]
}

/**
 * A script that takes the road; take-step.mjs says how it is called.
 * @param {string} name
 * @param {URL} url
 * @param {Partial<Contender>} [facts]
 * @returns {Contender}
 */
export function script(name, url, facts = {}) {
  const path = fileURLToPath(url)
  const sent = (folder) => [join(folder, 'batch.jsonl'), join(folder, 'id')]
  const got = (folder) => [answersIn(folder), join(folder, 'results.jsonl')]
  return {
    name,
    ...facts,
    road: (rows, folder) => ({ words: [path, 'road', rows, ...sent(folder), ...got(folder)] }),
    submit: (rows, folder) => ({ words: [path, 'submit', rows, ...sent(folder)] }),
    collect: (rows, folder) => ({ words: [path, 'collect', rows, join(folder, 'id'), ...got(folder)] }),
  }
}

/** Keeps the state in the folder and, unless told otherwise, looks at batches often, because the servers here are quick. */
export function writeConfiguration(folder, settings = {}) {
  const configuration = { home: 'home', waits: { poll: '50ms' }, ...settings }
  writeFileSync(join(folder, 'llm-batch.config.json'), JSON.stringify(configuration))
}

/**
 * Where a contender leaves its answers.
 * @param {string} folder
 */
export function answersIn(folder) {
  return join(folder, 'answers.jsonl')
}
