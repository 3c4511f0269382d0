// Makes the picture of README, docs/picture.svg, and the same as a recording, docs/recording.svg: node scripts/picture.mjs,
// after a build, on a system with tmux. In a terminal the built command works against the local server, is killed in the
// middle, and is typed again; what the terminal shows is drawn. Only the server's times are chosen, so that it takes seconds.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { root } from './project.mjs'
import { drawRecording, drawScreen } from './terminal-svg.mjs'

const COLUMNS = 96
const LINES = 48
const ROWS = 3_000
/** How often the recording looks at the screen. */
const FRAME_MS = 100
/** How long the picture waits for one text. */
const PATIENCE_MS = 120_000
const COMMAND = join(root, 'dist', 'cli', 'main.js')
const TYPED = [
  'llm-batch run tickets.csv --model openai/gpt-6.1-terra --prompt-file triage.txt \\',
  "  --field 'label: billing|bug|sales' --max-tokens 60 -o answers.jsonl",
]
const PROMPT = 'Which department should handle this ticket? {{text}}\n'
const TICKETS = ['I was charged twice.', 'The app crashes when I save.', 'Do you offer a discount for schools?']

const execute = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'tickets-'))
const server = spawn(
  process.execPath,
  [COMMAND, 'serve', '--simulate', '--folder', join(folder, 'server'), '--seed', '7', ...serverTimes()],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
try {
  const [addresses] = await once(server.stdout, 'data')
  await writeFiles(String(addresses))
  const frames = await framesOfScene()
  await writeFile(join(root, 'docs', 'picture.svg'), drawScreen(frames.at(-1).screen, COLUMNS))
  await writeFile(join(root, 'docs', 'recording.svg'), drawRecording(frames, COLUMNS))
} finally {
  server.kill()
  await tmux('kill-server').catch(() => undefined)
  await rm(folder, { recursive: true, force: true })
}

function serverTimes() {
  return ['--validate', '1s', '--run', '5s', '--finalize', '1s']
}

async function writeFiles(addresses) {
  const tickets = Array.from(
    { length: ROWS },
    (_, index) => `${index + 1},Customer ${index + 7_001}: ${TICKETS[index % TICKETS.length]}\n`,
  )
  const configuration = {
    home: 'home',
    waits: { poll: '1s', pollMost: '2s', settle: '60s', http: '60s' },
    limits: { maxRequests: ROWS / 5, maxOpenBatches: 3 },
  }
  // Nothing of the person who makes the picture decides what it shows.
  const setup = `unset ${Object.keys(process.env)
    .filter((name) => name.startsWith('LLM_BATCH_'))
    .join(' ')}\n${addresses}\nPS1='$ '; PS2='  '\nllm-batch() { '${process.execPath}' '${COMMAND}' "$@"; }\n`
  await writeFile(join(folder, 'tickets.csv'), `id,text\n${tickets.join('')}`)
  await writeFile(join(folder, 'triage.txt'), PROMPT)
  await writeFile(join(folder, 'llm-batch.config.json'), JSON.stringify(configuration))
  await writeFile(join(folder, 'setup.sh'), setup)
}

/** Plays the scene and gives the screens that it showed, each once, the last one at its end. */
async function framesOfScene() {
  const shell = `bash --noprofile --rcfile ${join(folder, 'setup.sh')} -i`
  await tmux('new-session', '-d', '-x', String(COLUMNS), '-y', String(LINES), '-c', folder, shell)
  await shown(/^\$/m)
  const played = { isOver: false }
  const [frames] = await Promise.all([watched(played), playScene().finally(() => (played.isOver = true))])
  return frames
}

/** Types the line, kills the process once a part of the rows is done, types the line again, and looks at an answer. */
async function playScene() {
  await enter(...TYPED)
  await shown(/ [2-9]0%/)
  await killCommand()
  await shown(/^Killed/m)
  await enter(...TYPED)
  await shown(/answers\.jsonl\n[^]*answers\.jsonl\n[^]*answers\.jsonl[^]*\n\$$/)
  await enter('llm-batch results last --summary')
  await shown(/--summary\n[^]*billing[^]*\n\$$/)
}

/** Looks at the screen until the scene is over, and once more. */
async function watched(played) {
  const frames = []
  for (let isLast = false; !isLast; ) {
    isLast = played.isOver
    const { stdout: screen } = await tmux('capture-pane', '-p', '-e')
    if (screen !== frames.at(-1)?.screen) frames.push({ atMs: Date.now(), screen })
    await sleep(FRAME_MS)
  }
  return frames
}

/** SIGKILL for what the shell has started. */
async function killCommand() {
  const { stdout: shellId } = await tmux('display-message', '-p', '#{pane_pid}')
  const { stdout: processIds } = await execute('pgrep', ['-P', shellId.trim()])
  for (const processId of processIds.trim().split('\n')) process.kill(Number(processId), 'SIGKILL')
}

async function enter(...lines) {
  for (const line of lines) await tmux('send-keys', line, 'Enter')
}

/** Resolves once the screen shows the text. */
async function shown(text) {
  const giveUpAt = Date.now() + PATIENCE_MS
  for (;;) {
    const { stdout } = await tmux('capture-pane', '-p')
    if (text.test(stdout.trimEnd())) return
    if (Date.now() > giveUpAt) throw new Error(`the terminal did not show ${text}:\n${stdout}`)
    await sleep(100)
  }
}

function tmux(...words) {
  return execute('tmux', ['-L', `llm-batch-picture-${process.pid}`, '-f', '/dev/null', ...words])
}
