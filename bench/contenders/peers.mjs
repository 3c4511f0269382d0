// Other packages that npm carries. They are not dependencies of ours: the AI SDK is installed into the user's cache folder
// when the long bench first runs, with a Node 22 to run it. What cannot be had is left out with a sentence.
import { fetchPackages } from '../../scripts/fetch-packages.mjs'
import { script } from './contenders.mjs'

const PACKAGES = ['ai@7', '@ai-sdk/openai@4']

/** They hold everything in memory. */
const MOST_ROWS = 50_000

/** A dependency of the tests, so it is always there. */
export const OFFICIAL_SDK = script('official SDK', new URL('official-sdk.mjs', import.meta.url), {
  mostRows: MOST_ROWS,
})

/** @returns {Promise<import('./contenders.mjs').Contender[]>} */
export async function findPeers() {
  try {
    const { folder, node } = await fetchPackages('llm-batch-bench', PACKAGES)
    const facts = {
      mostRows: MOST_ROWS,
      node,
      environment: { BENCH_PEERS: folder },
    }
    return [OFFICIAL_SDK, script('AI SDK', new URL('ai-sdk.mjs', import.meta.url), facts)]
  } catch (error) {
    console.error(`bench: the AI SDK is left out: ${error instanceof Error ? error.message : String(error)}`)
    return [OFFICIAL_SDK]
  }
}
