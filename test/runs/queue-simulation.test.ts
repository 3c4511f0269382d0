import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CASES } from '../queue/cases.ts'
import { renderCases, runCase } from '../queue/report.ts'

/** All seeds are simulated, and the table in the document written, by `npm run simulate`. */
const IS_FULL = process.env['SIMULATION'] === 'full'

const SEEDS = Array.from({ length: IS_FULL ? 20 : 2 }, (_, seed) => seed + 1)

const DOCUMENT = fileURLToPath(new URL('../../docs/limits.md', import.meta.url))

const TABLE = /(?<=<!-- made by npm run simulate -->\n\n)\|[\s\S]*?(?=\n\n<!-- end -->)/

interface Shown {
  readonly boundHours: number
  readonly mean: number
  readonly worst: number
  readonly byHand: number
  readonly batches: number
  readonly peak: number
}

const NOT_SHOWN: Shown = { boundHours: 0, mean: 0, worst: 0, byHand: 0, batches: 0, peak: 0 }

/** The numbers of the document's table, by case. */
function shownIn(table: string): ReadonlyMap<string, Shown> {
  const rows = table.split('\n').slice(2)
  return new Map(
    rows.map((row) => {
      const [name = '', ...cells] = row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''))
      const [boundHours = 0, mean = 0, worst = 0, byHand = 0, batches = 0, , peak = 0] = cells.map(Number.parseFloat)
      return [name, { boundHours, mean, worst, byHand, batches, peak }]
    }),
  )
}

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
    const shown = shownIn(table)
    expect([...shown.keys()]).toEqual(CASES.map(({ name }) => name))
    // The seeds of the short form are among those of the table: where the rules have changed, it must be made again.
    for (const report of reports) {
      const { batches, boundHours, byHand, mean, peak, worst } = shown.get(report.name) ?? NOT_SHOWN
      expect(report.worst, `${report.name}: worst seed`).toBeLessThanOrEqual(worst + 0.005)
      expect(report.peak, `${report.name}: peak`).toBeLessThanOrEqual(peak / 100 + 0.005)
      expect(Math.abs(report.mean - mean), `${report.name}: llm-batch`).toBeLessThanOrEqual(0.04)
      expect(Math.abs(report.byHand - byHand), `${report.name}: one after another`).toBeLessThanOrEqual(0.1)
      expect(Math.abs(report.boundHours / boundHours - 1), `${report.name}: lower bound`).toBeLessThan(0.1)
      expect(Math.abs(report.batches / batches - 1), `${report.name}: batches`).toBeLessThan(0.1)
    }
  })
})
