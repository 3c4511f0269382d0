import { existsSync, watch } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, it } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const HOW = ['--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '--id-column', 'id']

function query({ folder }: LocalWorld, name: string, sql: string): readonly Readonly<Record<string, unknown>>[] {
  const database = new DatabaseSync(join(folder, name))
  try {
    return database.prepare(sql).all() as Readonly<Record<string, unknown>>[]
  } finally {
    database.close()
  }
}

function change({ folder }: LocalWorld, name: string, sql: string): void {
  const database = new DatabaseSync(join(folder, name))
  database.exec(sql)
  database.close()
}

it('answers become a table of a SQLite file, with the columns of CSV, beside the tables that are there', async () => {
  const world = await openWorld()
  await world.write('rows.csv', 'id,text,zip\n1,fine,007\n2,bad [[simulate: status=400 times=1]],1e3\n')
  change(
    world,
    'own.db',
    'create table customers (id integer primary key, name text); insert into customers values (7, 5)',
  )
  const words = ['run', 'rows.csv', ...HOW, '-o', 'own.db', '--failed', 'failed.sqlite3']
  const { code, stderr } = await type(world, ...words)
  expectExit({ code, stderr }, 4)
  expect(stderr).toMatch(/own\.db/)
  expectExit(await typeHere(world, 'results', 'last', '-o', 'out.jsonl'), 0)
  const lines = parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8'))
  expect(query(world, 'own.db', 'select * from answers')).toEqual(lines)
  expect(lines[1]).toMatchObject({ zip: '1e3', llm_status: 'failed', llm_prompt_tokens: null })
  expect(
    query(world, 'own.db', 'select typeof(llm_prompt_tokens) as t, typeof(zip) as z from answers limit 1'),
  ).toEqual([{ t: 'integer', z: 'text' }])
  expect(query(world, 'failed.sqlite3', 'select id from answers')).toEqual([{ id: '2' }])
  expect(query(world, 'own.db', 'select * from customers')).toEqual([{ id: 7, name: '5' }])

  // The same line again has nothing to do; another table is written beside, and one that is there only with --force.
  const again = await typeHere(world, ...words)
  expect(again).toMatchObject({ code: 4, stderr: expect.stringContaining('Finished already') as string })
  const later = ['results', 'last', '-o', 'own.db', '--columns', 'id,llm_status']
  expect(await typeHere(world, ...later)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/own\.db has a table answers already[\s\S]*--table-name[\s\S]*--force/) as string,
  })
  expectExit(await typeHere(world, ...later, '--table-name', 'states'), 0)
  expectExit(await typeHere(world, ...later, '--force', '--where', 'id=1'), 0)
  expect(query(world, 'own.db', 'select * from states')).toHaveLength(2)
  expect(query(world, 'own.db', 'select * from answers')).toEqual([{ id: '1', llm_status: 'succeeded' }])
  expect((await readdir(world.folder)).filter((name) => name.startsWith('own.db')).toSorted()).toEqual([
    'own.db',
    'own.db.run.json',
    'own.db.states.run.json',
  ])
})

it('a database that cannot take the answers is refused before anything is sent, and one that is spoilt later costs nothing', async () => {
  const world = await openWorld()
  await world.write('rows.jsonl', '{"id":"a","text":"x","Text":"y"}\n')
  await world.write('note.db', 'Dear diary, '.repeat(100))
  const refusals = [
    ['note.db', [], /note\.db cannot take a table: SQLite says: file is not a database/],
    ['out.db', [], /the columns text and Text have the same name for SQLite/],
    ['out.db', ['--table-name', 'a b'], /--table-name is "a b", which is not a name for a table/],
  ] as const
  for (const [output, more, message] of refusals) {
    const refused = await typeHere(world, 'run', 'rows.jsonl', ...HOW, '-o', output, ...more, '--force')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as string })
  }
  expect(await typeHere(world, 'plan', 'rows.jsonl', ...HOW, '-o', 'out.db')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/run would refuse this input: the columns text and Text/) as string,
  })
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })

  const chosen = ['--columns', 'id,text']
  expectExit(await typeHere(world, 'run', 'rows.jsonl', ...HOW, '-o', 'out.db', ...chosen, '--no-wait'), 75)
  await writeFile(join(world.folder, 'out.db'), 'Dear diary, '.repeat(100))
  const spoilt = await typeHere(world, 'resume', 'last')
  expect(spoilt.code).not.toBe(0)
  expect(spoilt.stderr).toMatch(
    /could not be written to .*out\.db: SQLite says: file is not a database; the answers are kept/,
  )
  expectExit(await typeHere(world, 'results', 'last', '-o', 'new.db', ...chosen), 0)
  expect(query(world, 'new.db', 'select id, llm_status as s from answers')).toEqual([{ id: 'a', s: 'succeeded' }])
})

it('a command that is killed while it replaces the table leaves the old table or the new one, and nothing else changed', async () => {
  const world = await openWorld()
  const text = 'many words '.repeat(4_000)
  const rows = Array.from({ length: 150 }, (_, id) => JSON.stringify({ id: `${id}`, text: `${id} ${text}` }))
  await world.write('rows.jsonl', `${rows.join('\n')}\n`)
  expectExit(await typeHere(world, 'run', 'rows.jsonl', ...HOW, '--yes', '-o', 'out.db', '--columns', 'id'), 0)
  change(
    world,
    'out.db',
    `create table own (a); insert into own values ('kept'); update answers set llm_status = 'old'`,
  )
  const journal = join(world.folder, 'out.db-journal')
  const watcher = watch(world.folder)
  const words = ['results', 'last', '-o', 'out.db', '--force', '--columns', 'id,text']
  const replacing = start(world, words)
  watcher.on('change', () => {
    if (existsSync(journal)) replacing.process.kill('SIGKILL')
  })
  await replacing.ended
  watcher.close()
  const [state] = query(
    world,
    'out.db',
    'select count(*) as n, min(llm_status) as s, max(llm_status) as t from answers',
  )
  expect([
    { n: 150, s: 'old', t: 'old' },
    { n: 150, s: 'succeeded', t: 'succeeded' },
  ]).toContainEqual(state)
  expect(query(world, 'out.db', 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(query(world, 'out.db', 'select a from own')).toEqual([{ a: 'kept' }])
  expectExit(await typeHere(world, ...words), 0)
  expect(query(world, 'out.db', 'select count(*) as n from answers where length(text) > 40000')).toEqual([{ n: 150 }])
})
