import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ledger, LocalServer } from '../../src/testing.ts'
import { startLocalServer } from '../../src/testing.ts'
import type { Storm } from './random-faults.ts'

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const MODELS = {
  openai: 'openai/gpt-6-luna',
  mistral: 'mistral/mistral-small-latest',
  anthropic: 'anthropic/claude-haiku-5-5',
  gemini: 'gemini/gemini-3.8-flash',
} as const

/** Longest that one start of the command may take before it counts as stuck. */
const STUCK_MS = 240_000

const WAITS = {
  poll: '25ms',
  pollMost: '80ms',
  settle: '400ms',
  unfenced: '500ms',
  http: '400ms',
  retryBackoff: '20ms',
  absent: '10s',
  queue: '100ms',
}

/** What a run looked like from outside when it was over. */
export interface Aftermath {
  readonly exitCodes: readonly (number | null)[]
  readonly killed: number
  readonly ledger: Ledger
  readonly answers: readonly Answer[]
  readonly stderr: string
}

export interface Answer {
  readonly id: string
  readonly llm_status: string
  readonly llm_output: string | null
}

/**
 * Lets a storm loose on the built command: the same line is typed again after every kill, and `resume` when the run is
 * held, until it ends. Faults are over after the second hold, as a person would wait before trying again. Where a batch has
 * no mark, a create of which nothing is listed waits for that person's word, who gives it after the third hold.
 */
export async function weather(storm: Storm): Promise<Aftermath> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-storm-'))
  const server = await startLocalServer({ folder: join(folder, 'server'), seed: storm.seed, faults: storm.faults })
  try {
    await writeInputs(folder, storm)
    const { exitCodes, killed, stderr } = await runUntilFinished(folder, server, storm)
    await server.drain()
    const text = await readFile(join(folder, 'answers.jsonl'), 'utf8').catch(() => '')
    const answers = text.split('\n').filter(Boolean)
    return {
      exitCodes,
      killed,
      ledger: await server.ledger(),
      answers: answers.map((line) => JSON.parse(line) as Answer),
      stderr,
    }
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeInputs(folder: string, { maxRequests, rows }: Storm): Promise<void> {
  const lines = Array.from({ length: rows }, (_, row) =>
    JSON.stringify({ id: `row-${row}`, text: `Say something. nonce:row-${row}` }),
  )
  await writeFile(join(folder, 'rows.jsonl'), `${lines.join('\n')}\n`)
  await writeFile(join(folder, 'llm-batch.config.json'), JSON.stringify({ waits: WAITS, limits: { maxRequests } }))
}

async function runUntilFinished(folder: string, server: LocalServer, storm: Storm) {
  const run = [
    'run',
    'rows.jsonl',
    '--model',
    MODELS[storm.provider],
    '--prompt',
    '{{text}}',
    '-o',
    'answers.jsonl',
    '--force',
  ]
  const exitCodes: (number | null)[] = []
  const kills = [...storm.kills]
  let killed = 0
  let stderr = ''
  for (let start = 0; start < 12; start += 1) {
    const wasHeld = exitCodes.at(-1) === 3
    const holds = exitCodes.filter((code) => code === 3).length
    if (wasHeld && holds >= 2) server.setFaults([])
    const decides = wasHeld && holds > 2 && storm.provider === 'anthropic'
    // What is on its way has arrived by then.
    if (decides) await server.drain()
    const resume = ['resume', ...(decides ? ['--on-unknown-create', 'resend'] : [])]
    const child = launch(folder, server, wasHeld ? resume : run)
    const ended = await endOf(child, kills.shift())
    exitCodes.push(ended.code)
    stderr = ended.stderr
    if (ended.code === null) killed += 1
    else if (ended.code !== 3) break
  }
  return { exitCodes, killed, stderr }
}

function launch(folder: string, server: LocalServer, words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...words], {
    cwd: folder,
    env: {
      OPENAI_API_KEY: 'sk-storm-0123456789',
      OPENAI_BASE_URL: server.openaiUrl,
      MISTRAL_API_KEY: 'storm-0123456789',
      MISTRAL_BASE_URL: server.mistralUrl,
      ANTHROPIC_API_KEY: 'sk-ant-storm-0123456789',
      ANTHROPIC_BASE_URL: server.anthropicUrl,
      GEMINI_API_KEY: 'storm-0123456789',
      GEMINI_BASE_URL: server.geminiUrl,
      LLM_BATCH_HOME: join(folder, 'home'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

async function endOf(child: ChildProcess, killAfterMs: number | undefined) {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs ?? STUCK_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  if (code === null && killAfterMs === undefined) throw new Error(`the command was stuck:\n${stderr}`)
  return { code, stderr }
}
