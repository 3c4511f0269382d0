import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
