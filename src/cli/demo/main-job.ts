import { join } from 'node:path'
import type { Ledger } from '../../server/state/ledger.ts'
import { type AnswerLine, readAnswerLines } from './answers.ts'
import { startCommand, succeeded } from './command.ts'
import { writeCsv } from './csv-file.ts'
import type { Feature } from './features.ts'
import { withServer } from './server.ts'
import { makeWorkingFolder, type World } from './world.ts'

/** How many batches the rows are cut into, and how many may be at the server at once. */
const BATCHES = 5
const OPEN_BATCHES = 3

/** Long enough for a person to see a batch queued, running and finalizing. */
const WATCHED_DURATIONS = { validateMs: 400, runMs: 1_600, finalizeMs: 300 }

/** The question; the list of choices lets the simulated model pick one, as a real one would. */
const PROMPT =
  'Answer with one of: CSS, HTML, JavaScript, graphics, media, networking, storage. ' +
  'Which of them is this web feature mostly about? {{name}}: {{description}}'

/** The line that a user would type, from `run` on. */
export function mainWords(model: string): readonly string[] {
  return ['run', 'features.csv', '--model', model, '--prompt', PROMPT, '-o', 'answers.jsonl', '--yes']
}

/** Result of the first act. */
export interface MainJob {
  readonly rows: number
  /** Rows that stand in the answers where they stood in the input, each with an answer. */
  readonly rowsAnswered: number
  readonly ledger: Ledger
  /** The answers file's lines. */
  readonly answers: readonly AnswerLine[]
  readonly folder: string
}

/** The first act: a file of prompts becomes a file of answers, by the command as it is typed. */
export async function doMainJob(world: World, features: readonly Feature[]): Promise<MainJob> {
  const maxRequests = Math.ceil(features.length / BATCHES)
  const folder = await makeWorkingFolder(world, 'main-job', {
    isSlow: world.isWatched,
    limits: { maxRequests, maxOpenBatches: OPEN_BATCHES },
  })
  await writeCsv(world.disk, join(folder, 'features.csv'), features)
  const durations = world.isWatched ? WATCHED_DURATIONS : {}
  const ledger = await withServer(world, { name: 'main-server', durations }, async (server) => {
    const place = { folder, isShown: true, ...server }
    await succeeded(world, 'the main job', startCommand(world, mainWords(world.model), place))
    return await server.ask('final-ledger')
  })
  const answers = await readAnswerLines(world.disk, join(folder, 'answers.jsonl'))
  return { rows: features.length, rowsAnswered: countAnswered(features, answers), ledger, answers, folder }
}

function countAnswered(features: readonly Feature[], answers: readonly AnswerLine[]): number {
  return features.filter(({ feature }, place) => {
    const answer = answers[place]
    return answer?.feature === feature && answer.llm_status === 'succeeded' && answer.llm_output !== null
  }).length
}
