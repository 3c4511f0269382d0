// Runs the proof and writes docs/proof.md: npm run prove [-- --seeds 20000 --runs 1000], or one case again:
// npm run prove -- --replay 'seed 17'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { plantDefects } from './plant-defects.mjs'
import { root, run } from './project.mjs'
import { compileCopy, removeCopy } from './proof-copy.mjs'

// The proof runs on a compiled copy, so that work on the sources meanwhile does not change what is proved.
const folder = await compileCopy('proof', [])
const { prove } = await import(pathToFileURL(join(folder, 'out', 'proof', 'prove.js')).href)
try {
  process.exitCode = await prove({
    words: process.argv.slice(2),
    plantDefects,
    source: await sourceState(),
    reportPath: join(root, 'docs', 'proof.md'),
  })
} finally {
  removeCopy('proof')
}

/** What is proved, for the report: the commit, and whether the sources differ from it. */
async function sourceState() {
  const git = async (...words) => (await run('git', words)).output.trim()
  try {
    const changes = await git('status', '--porcelain', '--', 'src', 'proof', 'test/chaos')
    return `commit ${await git('rev-parse', '--short', 'HEAD')}${changes === '' ? '' : ' with changes'}`
  } catch {
    // Neither a checkout nor git at hand, such as in an unpacked archive.
    return 'sources of unknown state'
  }
}
