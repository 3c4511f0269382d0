import { join } from 'node:path'
import { LlmBatchError } from '../../model/error.ts'
import { programPath } from '../program-path.ts'
import { counted } from '../render/terminal/quantity.ts'
import { readAnswerLines } from './answers.ts'
import { type Child, startChild } from './child.ts'
import { startCommand, succeeded } from './command.ts'
import { writeCsv } from './csv-file.ts'
import type { Feature } from './features.ts'
import { type DemoServer, withServer } from './server.ts'
import { clientEnvironment, makeWorkingFolder, type World } from './world.ts'

/** Rows of the second act at most; more of them prove nothing more. */
const MOST_ROWS = 240

const BATCHES = 4

const LOOK_AGAIN_MS = 20

/** A row with what recognises it in the server's books and in its own answer. */
type MarkedFeature = Feature & { readonly nonce: string }

const PROMPT = 'Explain this web feature in a sentence. {{name}}: {{description}} nonce:{{nonce}}'

/** Result of one client that was killed and started again: told by the server's books and the answers file. */
export interface Trial {
  readonly rowsAsked: number
  /** True where it was killed while its last batch was accepted and not yet answered. */
  readonly wasKilled: boolean
  readonly batchesCreated: number
  readonly rowsBilled: number
  /** Executions beyond the first of the same row. */
  readonly rowsBilledTwice: number
  /** Rows without their own answer in the end. */
  readonly rowsLost: number
}

export interface CrashProof {
  readonly ours: Trial
  readonly naive: Trial
}

/**
 * The second act: the command is killed (SIGKILL) when the server has accepted its last batch and not answered yet,
 * then the same line is typed again. The same happens to a script of the kind people write by hand.
 */
export async function proveCrashSafety(world: World, features: readonly Feature[]): Promise<CrashProof> {
  const marked = features.slice(0, MOST_ROWS)
  return {
    ours: await tryOut(world, 'llm-batch', mark(marked, 'command'), (place) => startOurs(world, place)),
    naive: await tryOut(world, 'script', mark(marked, 'script'), (place) => startNaive(world, place)),
  }
}

function mark(features: readonly Feature[], prefix: string): readonly MarkedFeature[] {
  return features.map((feature, place) => ({ ...feature, nonce: `${prefix}-${place + 1}` }))
}

interface TrialPlace {
  readonly folder: string
  readonly maxRequests: number
  readonly server: DemoServer
}

function startOurs(world: World, { folder, server }: TrialPlace): Child {
  const words = ['run', 'features.csv', '--model', world.model, '--prompt', PROMPT, '-o', 'answers.jsonl', '--yes']
  return startCommand(world, words, { folder, isShown: false, ...server })
}

function startNaive(world: World, { folder, maxRequests, server }: TrialPlace): Child {
  const words = ['features.csv', 'answers.jsonl', world.model, PROMPT, String(maxRequests)]
  const environment = clientEnvironment(world, server)
  return startChild(programPath('demo/naive-script'), words, {
    folder,
    environment,
    isShown: false,
    signal: world.signal,
  })
}

async function tryOut(
  world: World,
  name: string,
  rows: readonly MarkedFeature[],
  start: (place: TrialPlace) => Child,
): Promise<Trial> {
  const maxRequests = Math.ceil(rows.length / BATCHES)
  const batches = Math.ceil(rows.length / maxRequests)
  const folder = await makeWorkingFolder(world, name, { isSlow: false, limits: { maxRequests } })
  await writeCsv(world.disk, join(folder, 'features.csv'), rows)
  // The server takes the last batch in and never answers: the moment in which the client cannot know.
  const faults = [`create:${batches}=accept-then-hang`]
  return await withServer(world, { name: `${name}-server`, faults }, async (server) => {
    const place = { folder, maxRequests, server }
    const wasKilled = await killAfterCreate(world, server, batches, start(place))
    world.tell(
      `  ${name}: ${wasKilled ? 'killed' : 'not killed'} with ${counted(batches, 'batch', 'batches')} created; started again`,
    )
    await succeeded(world, `the ${name}, started again,`, start(place))
    world.tell(`  ${name}: finished`)
    const { batchesCreated, rowsBilled, rowsBilledAgain } = await server.ask('final-ledger')
    const rowsLost = await countLost(world, join(folder, 'answers.jsonl'), rows)
    return { rowsAsked: rows.length, wasKilled, batchesCreated, rowsBilled, rowsBilledTwice: rowsBilledAgain, rowsLost }
  })
}

/** Kills the client once the server has created so many batches; false where it was gone before. */
async function killAfterCreate(
  { clock, signal }: World,
  server: DemoServer,
  batches: number,
  child: Child,
): Promise<boolean> {
  const isAlive = (): boolean => child.process.exitCode === null && child.process.signalCode === null
  while (isAlive() && (await server.ask('ledger')).batchesCreated < batches) await clock.sleep(LOOK_AGAIN_MS, signal)
  child.process.kill('SIGKILL')
  const { code, output } = await child.ended
  signal.throwIfAborted()
  if (code !== null && code !== 0) {
    throw new LlmBatchError('conflict', `the client ended with ${code} before it was killed:\n${output}`)
  }
  return code === null
}

async function countLost({ disk }: World, path: string, rows: readonly MarkedFeature[]): Promise<number> {
  const answers = await readAnswerLines(disk, path)
  const isAnswered = ({ feature, nonce }: MarkedFeature, place: number): boolean => {
    const answer = answers[place]
    // A simulated answer repeats the nonce of its question, so an answer on the wrong row is seen.
    return answer?.feature === feature && (answer.llm_output ?? '').endsWith(`nonce:${nonce}`)
  }
  return rows.filter((row, place) => !isAnswered(row, place)).length
}

/** True where the command was really killed, and nothing of it was billed twice or lost. */
export function holds({ ours }: CrashProof): boolean {
  return ours.wasKilled && ours.rowsBilled === ours.rowsAsked && ours.rowsBilledTwice === 0 && ours.rowsLost === 0
}
