import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CASES } from './queue/cases.ts'
import { renderCases, runCase } from './queue/report.ts'

/** All seeds are simulated, and the table in the document written, by `npm run simulate`. */
const IS_FULL = process.env['SIMULATION'] === 'full'

const SEEDS = Array.from({ length: IS_FULL ? 20 : 2 }, (_, seed) => seed + 1)

const DOCUMENT = fileURLToPath(new URL('../docs/limits.md', import.meta.url))

const TABLE = /(?<=<!-- made by npm run simulate -->\n\n)\|[\s\S]*?(?=\n\n<!-- end -->)/

describe('a run under a queue limit', () => {
  const reports = CASES.map((one) => runCase(one, SEEDS))

  it.each(reports.map((report) => [report.name, report] as const))('of %s ends near the lower bound', (_, report) => {
    expect(report.worst).toBeLessThanOrEqual(1.1)
    expect(report.mean).toBeLessThan(report.byHand)
    expect(report.peak).toBeLessThanOrEqual(1)
  })

  it('is simulated in the table of docs/limits.md', async () => {
    const text = await readFile(DOCUMENT, 'utf8')
    const table = IS_FULL ? renderCases(reports) : (TABLE.exec(text)?.[0] ?? '')
    if (IS_FULL) await writeFile(DOCUMENT, text.replace(TABLE, table))
    expect(CASES.filter(({ name }) => !table.includes(`| ${name} `))).toEqual([])
  })
})
