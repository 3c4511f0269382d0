import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../scripts/project.mjs'
import { markdownTable } from './summary.mjs'

const PATH = join(root, 'BENCHMARKS.md')
const [START, END] = ['<!-- measured: begin -->', '<!-- measured: end -->']

/** Puts the results in the place of the former ones in BENCHMARKS.md; what is written around them stays. */
export function writeBenchmarks(facts, results) {
  const text = readFileSync(PATH, 'utf8')
  const [before, rest] = text.split(START)
  const [, after] = rest?.split(END) ?? []
  if (before === undefined || after === undefined) throw new Error(`${PATH} has no place marked ${START} … ${END}`)
  writeFileSync(PATH, `${before}${START}\n\n${measured(facts, results)}\n\n${END}${after}`)
}

function measured(
  { arguments: words, commit, cores, date, memoryGigabytes, node, platform, processor, runs },
  results,
) {
  const machine = `${processor}, ${cores} cores, ${memoryGigabytes} GB, ${platform}, Node ${node}`
  const command = ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ')
  return [
    `Measured on ${date} at commit ${commit}: ${machine}. Medians of ${runs} runs, of one where a run takes minutes.`,
    '',
    `    ${command}`,
    '',
    markdownTable(results),
  ].join('\n')
}
