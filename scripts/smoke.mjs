// Runs the built command with a Node of the caller's choice: `node scripts/smoke.mjs [NODE]`. A smoke, not a test: it
// shows that the package starts and does its main job there, for Node versions that the tests do not run on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { description, root, run } from './project.mjs'

/** What is typed, and what its output must contain; every one must exit with 0. */
const CASES = [
  { words: ['--version'], shows: description.version },
  { words: ['--help'], shows: 'Usage: llm-batch' },
  { words: ['demo', '--rows', '50', '--quiet'], shows: '' },
]

/** A command that takes longer hangs; the demo is meant to take well under a minute. */
const TIMEOUT_MS = 180_000

const node = process.argv[2] ?? process.execPath
const command = join(root, description.bin['llm-batch'])
const folder = mkdtempSync(join(tmpdir(), 'llm-batch-smoke-'))
const environment = { PATH: process.env.PATH, HOME: folder, USERPROFILE: folder, LLM_BATCH_HOME: join(folder, 'home') }

try {
  const { output } = await run(node, ['--version'])
  let failures = 0
  for (const { words, shows } of CASES) failures += await smoke(output.trim(), words, shows)
  process.exitCode = failures === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function smoke(version, words, shows) {
  const { code, output } = await run(node, [command, ...words], { folder, environment, timeoutMs: TIMEOUT_MS })
  const isWell = code === 0 && output.includes(shows)
  console.log(`smoke: Node ${version}: llm-batch ${words.join(' ')}: ${isWell ? 'ok' : 'FAILED'}`)
  if (isWell) return 0
  console.log(`exit code ${code}, expected 0 and ${JSON.stringify(shows)} in:\n${output.trimEnd()}`)
  return 1
}
