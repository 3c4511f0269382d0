import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { inFlags } from '../../src/model/options/mention.ts'
import { COLUMN_NAMES, COLUMNS } from '../../src/output/columns.ts'
import { elementsOf } from '../../src/output/parquet/elements.ts'
import { typeHere } from '../support/command.ts'
import { openWorld } from '../support/local-world.ts'

const PAGE = fileURLToPath(new URL('../../docs/formats.md', import.meta.url))
const LIST = /(?<=<!-- columns begin [^>]*-->\n).*?(?=<!-- columns end -->)/s

/** The table of the page, made from the one that files are written by. */
function columnsList(): string {
  const lines = COLUMN_NAMES.map((name) => {
    const { help, type, when } = COLUMNS[name]
    return `| \`${name}\` | ${help} | ${parquetType(elementsOf(name, type)[0])} | ${inFlags(when?.words ?? 'always')} |\n`
  })
  return `| column | what it holds | in Parquet | is written |\n| --- | --- | --- | --- |\n${lines.join('')}`
}

function parquetType(element: ReturnType<typeof elementsOf>[0] | undefined): string {
  return element?.converted_type === 'UTF8' ? 'text' : `\`${element?.type}\``
}

it('docs/formats.md lists the columns as they are written; "npx vitest run test/docs/columns.test.ts -u" makes the list anew', async () => {
  const page = await readFile(PAGE, 'utf8')
  expect(page).toMatch(LIST)
  await expect(page.replace(LIST, () => columnsList())).toMatchFileSnapshot(PAGE)
})

it('the help of results lists all columns with what they hold', async () => {
  const { stdout } = await typeHere(await openWorld(), 'help', 'results')
  const help = stdout.replace(/\s+/g, ' ')
  for (const name of COLUMN_NAMES) expect(help).toContain(`${name} ${COLUMNS[name].help}`)
})
