// Carries out the proof and writes docs/proof.md: npm run prove. Each piece is kept as soon as it is done, so that a proof
// that was stopped goes on where it was; npm run prove -- --parts seeds,real carries out single parts. One case again:
// npm run prove -- --replay 'seed 17'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { plantMutants } from './plant-mutants.mjs'
import { root, run } from './project.mjs'
import { compileCopy, digestOfCopy, removeCopy } from './proof-copy.mjs'

// A proof that is ended early leaves no copy behind.
process.on('exit', () => removeCopy('proof'))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

// The proof runs on a compiled copy, so that work on the sources meanwhile does not change what is proved.
const folder = await compileCopy('proof', [])
const { prove } = await import(pathToFileURL(join(folder, 'out', 'proof', 'prove.js')).href)
process.exitCode = await prove({
  words: process.argv.slice(2),
  plantMutants: (defects, onFound) => plantMutants(defects, onFound, folder),
  source: { name: await sourceName(), digest: digestOfCopy(folder) },
  reportPath: join(root, 'docs', 'proof.md'),
  keepPath: join(root, '.llm-batch', 'proof'),
})

/** What is proved, for the report: the commit, and whether the sources differ from it. */
async function sourceName() {
  const git = async (...words) => (await run('git', words)).output.trim()
  try {
    const changes = await git('status', '--porcelain', '--', 'src', 'proof', 'test/chaos', 'package-lock.json')
    return `commit ${await git('rev-parse', '--short', 'HEAD')}${changes === '' ? '' : ' with changes'}`
  } catch {
    // Neither a checkout nor git at hand, such as in an unpacked archive.
    return 'sources of unknown state'
  }
}
