// Runs the built command with a runtime of the caller's choice: `node scripts/smoke.mjs [node|deno|bun BINARY]`. A smoke,
// not a test: it shows that the package starts and does its main job there, or is refused before it made anything, for
// runtimes that the tests do not run on.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { description, root, run } from './project.mjs'

const command = join(root, description.bin['llm-batch'])
const library = pathToFileURL(join(root, 'dist', 'index.js')).href

/** A program that starts a run; it would end with 9 where that is not refused. */
const PROGRAM = `
import { startRun } from ${JSON.stringify(library)}
try {
  await startRun({ name: 'smoke', input: [{ text: 'x' }], model: 'openai/gpt-6-luna', prompt: '{{text}}' })
  process.exit(9)
} catch (error) {
  console.log(error.message)
}`

/** What is typed, what its output must contain, and its exit code. */
const WORKING = [
  { words: [command, '--version'], shows: description.version, exits: 0 },
  { words: [command, '--help'], shows: 'Usage: llm-batch', exits: 0 },
  { words: [command, 'demo', '--rows', '50', '--quiet'], shows: '', exits: 0 },
]

const REFUSED = [
  { words: [command, 'demo', '--rows', '50'], shows: 'error: llm-batch does not run with Bun', exits: 2 },
  { words: ['-e', PROGRAM], shows: 'llm-batch does not run with Bun', exits: 0 },
]

/** How each runtime is started, and what it is shown to do. */
const RUNTIMES = {
  node: { before: [], cases: WORKING },
  deno: { before: ['run', '--allow-all', '--no-prompt'], cases: WORKING },
  bun: { before: [], cases: REFUSED },
}

/** A command that takes longer hangs; the demo is meant to take well under a minute. */
const TIMEOUT_MS = 180_000

const [name = 'node', binary = process.execPath] = process.argv.slice(2)
const { before, cases } = RUNTIMES[name]
const folder = mkdtempSync(join(tmpdir(), 'llm-batch-smoke-'))
const home = join(folder, 'home')
const environment = { PATH: process.env.PATH, HOME: folder, USERPROFILE: folder, LLM_BATCH_HOME: home }

try {
  const { output } = await run(binary, ['--version'])
  const shown = output.trim().split(' (')[0]
  const title = shown.startsWith(name) ? shown : `${name} ${shown}`
  let failures = 0
  for (const one of cases) failures += await smoke(title, one)
  if (cases === REFUSED && existsSync(home)) failures += told(`smoke: ${title}: FAILED, a home was made`)
  process.exitCode = failures === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function smoke(title, { words, shows, exits }) {
  const { code, output } = await run(binary, [...before, ...words], { folder, environment, timeoutMs: TIMEOUT_MS })
  const isWell = code === exits && output.includes(shows)
  const typed = words[0] === command ? `llm-batch ${words.slice(1).join(' ')}` : 'startRun'
  console.log(`smoke: ${title}: ${typed}: ${isWell ? 'ok' : 'FAILED'}`)
  if (isWell) return 0
  return told(`exit code ${code}, expected ${exits} and ${JSON.stringify(shows)} in:\n${output.trimEnd()}`)
}

function told(failure) {
  console.log(failure)
  return 1
}
