// Clients that stand on a `fetch`, each with calls through `llm-batch/fetch` against the local server: `npm run try:clients`.
// They need Node 22, and this project does not depend on them, so npm fetches them first.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchPackages } from './fetch-packages.mjs'
import { root } from './project.mjs'

const PACKAGES = [
  'ai@7',
  '@ai-sdk/openai@4',
  '@ai-sdk/mistral@4',
  '@ai-sdk/anthropic@4',
  '@langchain/core@1',
  '@langchain/openai@1',
  'openai@6',
  'zod@4',
]

const { folder, node } = await fetchPackages('llm-batch-clients', PACKAGES)
const place = mkdtempSync(join(tmpdir(), 'llm-batch-clients-'))
try {
  symlinkSync(join(folder, 'node_modules'), join(place, 'node_modules'), 'dir')
  cpSync(new URL('clients-program.mjs', import.meta.url), join(place, 'program.mjs'))
  const { status } = spawnSync(node, ['program.mjs', join(root, 'dist')], { cwd: place, stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  rmSync(place, { recursive: true, force: true })
}
