// Plants each defect in a copy of the sources and lets the proof look for it: node scripts/plant-mutants.mjs [NAME...]

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run } from './project.mjs'
import { compileCopy, removeCopy } from './proof-copy.mjs'

/** Longest hunt for one defect. */
const TIMEOUT_MS = 900_000

/**
 * Plants these defects one after the other, some at once, in copies of the checkout or of another copy; gives for each
 * its name and the case that shows it, or null.
 */
export async function plantMutants(defects, onFound, original = root) {
  const waiting = [...defects.entries()]
  const found = []
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [number, defect] = next
      const result = { name: defect.name, ...(await hunt(`defect-${number + 1}`, defect, original)) }
      found[number] = result
      onFound(result)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return found
}

async function hunt(copy, { changes, shownBy = '' }, original) {
  try {
    const folder = await compileCopy(copy, changes, original)
    const program = join(folder, 'out', 'proof', 'hunt.js')
    const { output } = await run(process.execPath, [program, shownBy], { timeoutMs: TIMEOUT_MS })
    const answer = output.trim().split('\n').at(-1) ?? ''
    return { caught: answer.startsWith('{') ? JSON.parse(answer) : null }
  } finally {
    removeCopy(copy)
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = await compileCopy('defects', [])
  const { MUTANTS } = await import(pathToFileURL(join(folder, 'out', 'proof', 'mutants', 'mutants.js')).href)
  const wanted = process.argv.slice(2)
  const chosen = MUTANTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  const found = await plantMutants(chosen, ({ name, caught }) => {
    const how = caught ? `${caught.name}: ${caught.violations[0].metric}` : 'NOT CAUGHT'
    console.log(`${name} -> ${how}`)
  })
  process.exitCode = found.every(({ caught }) => caught) ? 0 : 1
}
