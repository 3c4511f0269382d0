import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { expectExit, type, typeHere } from '../support/command.ts'
import { openJudge } from '../support/duckdb.ts'
import { openWorld } from '../support/local-world.ts'
import { blocksOf, wordsOf } from '../support/page-blocks.ts'

const INTENTS = ['billing', 'support', 'sales']

/** Tickets whose texts differ, but for the last two. */
const TICKETS = ['id,text,intent']
  .concat(
    Array.from({ length: 9 }, (_, row) => `t${row},"Ticket ${Math.min(row, 7)}, please help",${INTENTS[row % 3]}`),
  )
  .join('\n')
  .concat('\n')

/** The commands and queries of the page, in its order. */
async function examples(): Promise<readonly { readonly language: string; readonly line: string }[]> {
  const blocks = await blocksOf('docs/tasks.md', ['sh', 'sql'])
  return blocks.flatMap(({ language, text }) =>
    text
      .trim()
      .split('\n')
      .map((line) => ({ language, line })),
  )
}

it('every command and every query of docs/tasks.md does what the page says', async () => {
  const world = await openWorld()
  await world.write('tickets.csv', TICKETS)
  const place = { folder: world.folder, environment: world.environment }
  const judge = await openJudge()
  /** The first of each command is typed as a process, the further ones are carried out here. */
  const typed = new Set<string | undefined>()
  const outputs: string[] = []
  const tables: (readonly unknown[])[] = []
  try {
    for (const { language, line } of await examples()) {
      if (language === 'sql') {
        tables.push(await judge.rows(line.replaceAll(/'(\w+\.parquet)'/g, `'${world.folder}/$1'`)))
        continue
      }
      const [command, ...words] = wordsOf(line)
      expect(command).toBe('llm-batch')
      const ended = await (typed.has(words[0]) ? typeHere : type)(place, ...words)
      typed.add(words[0])
      expectExit(ended, 0)
      outputs.push(ended.stdout)
    }
  } finally {
    judge.close()
  }
  const text = (name: string) => readFile(`${world.folder}/${name}`, 'utf8')
  const labels = (await text('labels.csv')).trim().split('\n')
  expect(labels).toHaveLength(10)
  expect(labels[0]).toContain('id,text,intent,llm_output,llm_output.label,')
  expect((await text('french.csv')).split('\n')[0]).toBe('id,text,llm_output,llm_status')
  // What was carried over is what was bought, and nothing was bought for it.
  expect(await text('french-next-week.csv')).toBe(await text('french.csv'))
  const { batches } = await world.server.ledger()
  expect(batches.map(({ rows }) => rows)).toEqual([9, 9, 9, 8, 8, 9, 9, 9, 9])
  expect(outputs.join('')).toMatch(/Agreement +\d+%: \d of 9 rows/)
  const [urgent, alike, variants] = tables
  expect(urgent?.length).toBeGreaterThan(0)
  expect(alike).toMatchObject([{ likeness: 1 }, {}, {}])
  expect(variants).toHaveLength(27)
}, 180_000)
