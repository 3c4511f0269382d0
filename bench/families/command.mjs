import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMMAND, planWords, writeConfiguration } from '../contenders/contenders.mjs'
import { measure } from '../measure.mjs'

const NOTHING = fileURLToPath(new URL('../contenders/nothing.mjs', import.meta.url))
const HOME_MAKER = fileURLToPath(new URL('../make-home.mjs', import.meta.url))
const PLANNED_ROWS = 50_000
const RUNS_IN_HOME = 200
const ENVIRONMENT = { OPENAI_API_KEY: 'sk-bench' }

/**
 * How soon the command answers, beside Node's own start.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<import('../cases.mjs').Case[]>}
 */
export async function commandCases({ rows = PLANNED_ROWS }) {
  const node = { name: 'node', take: async (folder) => ({ start: await measure([NOTHING], { folder }) }) }
  return [
    { family: 'command', title: '--help', contenders: [node, ours('start', () => [COMMAND, '--help'])] },
    {
      family: 'command',
      title: `plan of ${rows.toLocaleString('en-US')} rows`,
      contenders: [
        ours('plan, tokens by bytes', (files) => [...planWords(files(rows)), '--no-token-count']),
        ours('plan, tokens counted', (files) => planWords(files(rows))),
      ],
    },
    {
      family: 'command',
      title: `a home with ${RUNS_IN_HOME} runs`,
      contenders: [{ name: 'ours', take: takeHome }],
    },
  ]
}

function ours(measureName, words) {
  return {
    name: 'ours',
    take: async (folder, files) => {
      writeConfiguration(folder)
      return { [measureName]: await measure(words(files), { folder, environment: ENVIRONMENT }) }
    },
  }
}

/** Small runs, made by the library in one process of its own. */
async function takeHome(folder) {
  writeConfiguration(folder)
  await measure([HOME_MAKER, String(RUNS_IN_HOME), join(folder, 'home')], { folder, environment: ENVIRONMENT })
  return {
    runs: await measure([COMMAND, 'runs'], { folder, environment: ENVIRONMENT }),
    status: await measure([COMMAND, 'status', 'last'], { folder, environment: ENVIRONMENT }),
  }
}
