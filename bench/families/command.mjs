import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMMAND, planWords, writeConfiguration } from '../contenders/contenders.mjs'
import { measure } from '../measure.mjs'

const NOTHING = fileURLToPath(new URL('../contenders/nothing.mjs', import.meta.url))
const HOME_MAKER = fileURLToPath(new URL('../make-home.mjs', import.meta.url))
const LARGE_HOME_MAKER = fileURLToPath(new URL('../make-large-home.mjs', import.meta.url))
const PLANNED_ROWS = 50_000
const RUNS_IN_HOME = 200
/** Of 50,000 requests each: 100,000,000 in all. */
const BATCHES_IN_LARGE_HOME = 2_000
/** The exit code of `status` where there is no run. */
const NO_RUN = 2
const ENVIRONMENT = { OPENAI_API_KEY: 'sk-bench' }

/**
 * How soon the command answers, beside Node's own start.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<import('../cases.mjs').Case[]>}
 */
export async function commandCases({ rows = PLANNED_ROWS }) {
  return [
    { family: 'command', title: '--help', contenders: [node('start'), ours('start', () => [COMMAND, '--help'])] },
    {
      family: 'command',
      title: 'an empty home',
      contenders: [node('status'), ours('status', () => [COMMAND, 'status'], NO_RUN)],
    },
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
    {
      family: 'command',
      title: 'a home with 100,000,000 requests',
      contenders: [{ name: 'ours', take: takeLargeHome }],
    },
  ]
}

function node(measureName) {
  return { name: 'node', take: async (folder) => ({ [measureName]: await measure([NOTHING], { folder }) }) }
}

function ours(measureName, words, exitCode = 0) {
  return {
    name: 'ours',
    take: async (folder, files) => {
      writeConfiguration(folder)
      return { [measureName]: await measure(words(files), { folder, environment: ENVIRONMENT, exitCode }) }
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

/** One run of many batches, most of them collected, as the catalog would know it. */
async function takeLargeHome(folder) {
  writeConfiguration(folder)
  const words = [LARGE_HOME_MAKER, String(BATCHES_IN_LARGE_HOME), join(folder, 'home')]
  await measure(words, { folder, environment: ENVIRONMENT })
  return { status: await measure([COMMAND, 'status', 'last'], { folder, environment: ENVIRONMENT }) }
}
