import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * One way to take the road, as two programs: the first ends when the batch is created, the second begins when the
 * server has finished it. `folder` is new for every measurement.
 * @typedef {object} Contender
 * @property {string} name
 * @property {(rowsPath: string, folder: string) => { words: string[], exitCode?: number }} submit
 * @property {(rowsPath: string, folder: string) => { words: string[], exitCode?: number }} collect
 */

const script = (name) => fileURLToPath(new URL(name, import.meta.url))
const MODEL = 'openai/gpt-5-mini'

/** The exit code for "not finished, come back". */
const UNFINISHED = 75

/** @type {readonly Contender[]} */
export const CONTENDERS = [floor('naive'), floor('bare'), ours()]

/** @param {'naive' | 'bare'} name */
function floor(name) {
  const path = script(`./${name}.mjs`)
  return {
    name,
    submit: (rows, folder) => ({ words: [path, 'submit', rows, join(folder, 'batch.jsonl'), join(folder, 'id')] }),
    collect: (rows, folder) => ({
      words: [path, 'collect', rows, join(folder, 'id'), answersIn(folder), join(folder, 'results.jsonl')],
    }),
  }
}

/** The built command, as users type it. */
function ours() {
  const path = script('../dist/cli/main.js')
  return {
    name: 'ours',
    submit: (rows, folder) => {
      writeFileSync(join(folder, 'llm-batch.config.json'), JSON.stringify({ home: 'home', waits: { poll: '50ms' } }))
      const what = ['run', rows, '--model', MODEL, '--prompt', '{{text}}', '-o', answersIn(folder), '--yes']
      return { words: [path, ...what, '--no-wait', '--quiet'], exitCode: UNFINISHED }
    },
    collect: () => ({ words: [path, 'resume', 'last', '--quiet'] }),
  }
}

/**
 * Where a contender leaves its answers.
 * @param {string} folder
 */
export function answersIn(folder) {
  return join(folder, 'answers.jsonl')
}
