import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { samplePlan } from '../../test/support/row-outcomes.ts'
import { systemDisk } from '../lib/disk.ts'
import type { OutputPlan } from '../model/run.ts'
import { checkOutput } from './check-output.ts'

let folder: string
let input: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-check-'))
  input = join(folder, 'in.jsonl')
  await writeFile(input, '{}\n')
  await mkdir(join(folder, 'sub'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

function check(name: string, parts: Partial<OutputPlan> = {}): Promise<void> {
  // Joined by hand, because `join` would make the spellings equal.
  return checkOutput(samplePlan(name === '-' ? name : `${folder}/${name}`, parts), [input], systemDisk)
}

const SQLITE = { format: 'sqlite' } as const

type Refused = [what: string, name: string, message: RegExp, next: RegExp, parts?: Partial<OutputPlan>]

describe('an answers file is refused before spending', () => {
  it.each<Refused>([
    [
      'has an unknown ending',
      'out.xlsx',
      /the file ending \.xlsx of .* is unknown/,
      /\.jsonl, \.ndjson, \.json, \.csv, \.tsv, \.parquet/,
    ],
    ['has no ending', 'out', /has no file ending/, /\.jsonl/],
    ['contradicts the format', 'out.csv', /ends in \.csv, but you asked for the format jsonl/, /output\.format/],
    ['lies in a missing folder', 'none/out.jsonl', /folder .*none.* does not exist/, /Make it/],
    ['is a folder', 'a.jsonl', /is not a file/, /output/],
    ['has a folder where its summary goes', 'b.jsonl', /b\.jsonl\.run\.json is not a file/, /output/],
    [
      'has a name too long to be written',
      `${'x'.repeat(240)}.jsonl`,
      /llm-batch cannot write to the folder of .*x\.jsonl/,
      /output/,
    ],
    ['exists', 'old.jsonl', /old\.jsonl exists already/, /output\.force/],
    ['is Parquet inside gzip', 'out.parquet.gz', /Parquet inside gzip/, /Leave out \.gz/, { format: 'parquet' }],
    ['is SQLite inside gzip', 'out.db.gz', /SQLite inside gzip/, /Leave out \.gz/, SQLITE],
    ['is SQLite in a pipe', '-', /SQLite cannot be written to standard output/, /output/, SQLITE],
    [
      'has a table of a reserved name',
      'out.db',
      /not a name for a table/,
      /letters/,
      { ...SQLITE, tableName: 'SQLite_x' },
    ],
    [
      'has a table with a path for a name',
      'out.db',
      /not a name/,
      /letters/,
      { ...SQLITE, tableName: '../x', force: true },
    ],
    ['is Parquet in a pipe', '-', /cannot be written to standard output/, /output/, { format: 'parquet' }],
    [
      'is to have columns it cannot have',
      'out.jsonl',
      /have no columns/,
      /output\.columns/,
      { format: 'provider', raw: true },
    ],
  ])('when it %s', async (_, name, message, next, parts) => {
    await mkdir(join(folder, 'a.jsonl'))
    await mkdir(join(folder, 'b.jsonl.run.json'))
    await writeFile(join(folder, 'old.jsonl'), '')
    await expect(check(name, parts)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message) as string,
      next: expect.stringMatching(next) as string,
    })
  })

  it.each(['in.jsonl', 'sub/../in.jsonl', './/in.jsonl', 'soft.jsonl', 'hard.jsonl'])(
    'when it is the input, written %s, even with force',
    async (name) => {
      await symlink(input, join(folder, 'soft.jsonl'))
      await link(input, join(folder, 'hard.jsonl'))
      await expect(check(name, { force: true })).rejects.toThrow(/is the input file/)
    },
  )
})

describe('a file for the rows that failed is refused before spending', () => {
  it.each<[what: string, name: string, message: RegExp]>([
    ['has no known ending', 'failed.txt', /the file ending \.txt of .* is unknown/],
    ['is that of the answers', 'out.jsonl', /cannot hold both the answers and the failed rows/],
    ['is the input', 'in.jsonl', /is the input file/],
    ['exists', 'old.jsonl', /old\.jsonl exists already/],
    ['is Parquet inside gzip', 'failed.parquet.gz', /Parquet inside gzip/],
  ])('when it %s', async (_, name, message) => {
    await writeFile(join(folder, 'old.jsonl'), '')
    await expect(check('out.jsonl', { failedPath: `${folder}/${name}` })).rejects.toThrow(message)
  })
})

describe('a database for the answers', () => {
  it('is refused where it is none, even with force, or where something else has the name of the table', async () => {
    await writeFile(join(folder, 'note.db'), 'Dear diary, this is not a database at all.'.repeat(30))
    await expect(check('note.db', { ...SQLITE, force: true })).rejects.toMatchObject({
      message: expect.stringMatching(/note\.db cannot take a table: SQLite says: file is not a database/) as string,
      next: expect.stringMatching(/a database that can be changed .* or a new file, with output/) as string,
    })
    database('own.db', 'create table t (a); create view Answers as select * from t; create table "used" (a)')
    const forced = { ...SQLITE, force: true }
    await expect(check('own.db', forced)).rejects.toThrow(/has a view of the name answers/)
    await expect(check('own.db', { ...SQLITE, tableName: 'USED' })).rejects.toThrow(/has a table USED already/)
    await expect(check('own.db', { ...forced, tableName: 'USED' })).resolves.toBeUndefined()
    await expect(check('out.jsonl', { failedPath: `${folder}/own.db` })).rejects.toThrow(/has a view/)
  })

  it('is accepted without force where it has other tables only, and stays as it is', async () => {
    database('own.db', 'create table t (a)')
    const before = await readFile(join(folder, 'own.db'))
    await expect(check('own.db', SQLITE)).resolves.toBeUndefined()
    expect(await readFile(join(folder, 'own.db'))).toEqual(before)
    expect((await readdir(folder)).toSorted()).toEqual(['in.jsonl', 'own.db', 'sub'])
  })

  it.each(['-wal', '-journal'])('is refused where the %s of one that is gone would spoil it', async (ending) => {
    await writeFile(join(folder, `out.db${ending}`), 'x')
    await expect(check('out.db', SQLITE)).rejects.toThrow(/is left of a database that is not there any more/)
  })
})

function database(name: string, sql: string): void {
  const connection = new DatabaseSync(join(folder, name))
  connection.exec(sql)
  connection.close()
}

describe('an answers file is accepted', () => {
  it('packed, as Parquet, and with a file for failed rows of another format', async () => {
    await expect(
      check('out.csv.gz', { format: 'csv', failedPath: `${folder}/failed.parquet` }),
    ).resolves.toBeUndefined()
    await expect(check('out.parquet', { format: 'parquet' })).resolves.toBeUndefined()
  })

  it.each(['out.jsonl', 'out.NDJSON', 'sub/out.jsonl'])('where nothing is in the way: %s', async (name) => {
    await expect(check(name)).resolves.toBeUndefined()
  })

  it('where it exists and may be replaced', async () => {
    await writeFile(join(folder, 'old.csv'), '')
    await expect(check('old.csv', { format: 'csv', force: true })).resolves.toBeUndefined()
  })

  it('for provider-shaped lines under the ending of JSON lines', async () => {
    await expect(check('out.jsonl', { format: 'provider' })).resolves.toBeUndefined()
    await expect(check('out.csv', { format: 'provider' })).rejects.toThrow(/you asked for the format provider/)
  })

  it.each([null, '-'])('without looking where the path is %s', async (path) => {
    await expect(checkOutput(samplePlan(path), [input], systemDisk)).resolves.toBeUndefined()
  })
})
