// Runs the proof and writes docs/proof.md: npm run prove [-- --seeds 20000 --runs 1000], or one case again:
// npm run prove -- --replay 'seed 17'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { plantDefects } from './plant-defects.mjs'
import { root } from './project.mjs'
import { compileCopy, removeCopy } from './proof-copy.mjs'

// The proof runs on a compiled copy, so that work on the sources meanwhile does not change what is proved.
const folder = await compileCopy('proof', [])
const { prove } = await import(pathToFileURL(join(folder, 'out', 'proof', 'prove.js')).href)
try {
  process.exitCode = await prove({
    words: process.argv.slice(2),
    plantDefects,
    reportPath: join(root, 'docs', 'proof.md'),
  })
} finally {
  removeCopy('proof')
}
