import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DatabaseSync } from '@photostructure/sqlite'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectExit, typeHere } from '../support/command.ts'
import { type Judge, openJudge } from '../support/duckdb.ts'
import { openWorld } from '../support/local-world.ts'
import { blocksOf, type PageBlock, wordsOf } from '../support/page-blocks.ts'

const PAGE = 'docs/reading-answers.md'
const TICKETS = ['007', '008', 'x9', '10', '11', '12'].map((id) => `${id},Ticket ${id}: please help`)

/** Made once: the world of the page, with the files that its commands write. */
let world: { readonly folder: string; readonly close: () => Promise<void> }
let blocks: readonly PageBlock[]

beforeAll(async () => {
  const cleaning: (() => Promise<void>)[] = []
  const local = await openWorld({ onFinished: (clean) => void cleaning.push(clean) })
  world = { folder: local.folder, close: async () => void (await Promise.all(cleaning.map((clean) => clean()))) }
  blocks = await blocksOf(PAGE, ['sh', 'sql', 'sqlite', 'python'])
  await local.write('tickets.csv', `id,text\n${TICKETS.join('\n')}\n`)
  const environment = { ...local.environment, LLM_BATCH_HOME: join(local.folder, '.llm-batch') }
  for (const line of textsOf('sh').join('').trim().split('\n')) {
    const [, ...words] = wordsOf(line)
    expectExit(await typeHere({ folder: local.folder, environment }, ...words), 0)
  }
  return () => world.close()
})

function textsOf(language: string): readonly string[] {
  return blocks.filter((block) => block.language === language).map(({ text }) => text)
}

describe('docs/reading-answers.md', () => {
  it('has queries that DuckDB carries out as they stand', async () => {
    const judge = await openJudge()
    try {
      await judge.run(`set file_search_path = '${world.folder}'`)
      const queries = textsOf('sql').filter((text) => !text.includes('load sqlite'))
      const [types, lines, cells, rows, raw, ...none] = await answersTo(judge, queries)
      expect(none).toEqual([])
      const labels = lines?.map(({ label }) => label)
      expect(lines?.map(({ id }) => id)).toEqual(['007', '008', '10', '11', '12', 'x9'])
      expect(cells?.map(({ id, label, score }) => ({ id, label, score }))).toEqual(lines)
      expect(types?.map(({ label, tickets }) => [label, Number(tickets)])).toEqual(countsOf(labels))
      expect(rows).toEqual([{ rows: '6', longest: expect.any(String) as string }])
      expect(raw).toMatchObject([{ status: '200', lines: '6' }])
    } finally {
      judge.close()
    }
  })

  it('has a query of a SQLite file that DuckDB carries out where it has the extension', async (context) => {
    const judge = await openJudge()
    try {
      const query = textsOf('sql').find((text) => text.includes('load sqlite')) ?? ''
      expect(query).not.toBe('')
      if (!(await loads(judge, 'load sqlite'))) return context.skip("DuckDB's extension sqlite is not installed")
      const [found] = await answersTo(judge, [query.replace("'answers.db'", `'${world.folder}/answers.db'`)])
      expect(found?.reduce((sum, { tickets }) => sum + Number(tickets), 0)).toBe(TICKETS.length)
    } finally {
      judge.close()
    }
  })

  it('has a query that SQLite carries out as it stands', () => {
    const database = new DatabaseSync(join(world.folder, 'answers.db'), { readOnly: true })
    try {
      const [sql = ''] = textsOf('sqlite')
      const rows = database.prepare(sql).all() as readonly { readonly tickets: number }[]
      expect(rows.reduce((sum, { tickets }) => sum + tickets, 0)).toBe(TICKETS.length)
    } finally {
      database.close()
    }
  })

  it.for(['pandas', 'polars'])('has an example that %s carries out as it stands', async (name, context) => {
    const example = textsOf('python').find((text) => text.includes(`import ${name}`)) ?? ''
    expect(example).not.toBe('')
    if (!(await python(`import ${name}, pyarrow`))) return context.skip(`Python with ${name} and pyarrow is not here`)
    expect(await python(example)).toBe('True\nTrue\n')
  })
})

/** What a program of Python prints, and a line feed where it prints nothing; undefined where it fails to import. */
async function python(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', program], { cwd: world.folder })
    return stdout === '' ? '\n' : stdout
  } catch (error) {
    if (/ModuleNotFoundError|ENOENT/.test(String(error))) return undefined
    throw error
  }
}

async function loads(judge: Judge, statement: string): Promise<boolean> {
  return await judge.run(statement).then(
    () => true,
    () => false,
  )
}

/** The rows of the last statement of each block. */
async function answersTo(judge: Judge, texts: readonly string[]) {
  const answers: (readonly Readonly<Record<string, unknown>>[])[] = []
  for (const text of texts) {
    const statements = text.split(';').filter((part) => part.trim() !== '')
    const last = statements.pop() ?? ''
    for (const statement of statements) await judge.run(statement)
    answers.push(await judge.rows(last))
  }
  return answers
}

/** How often each value is there, in the order of the values. */
function countsOf(values: readonly unknown[] | undefined): readonly (readonly [unknown, number])[] {
  const counts = new Map<unknown, number>()
  for (const value of values ?? []) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([one], [other]) => String(one).localeCompare(String(other)))
}
