import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { differences, type Judge, openJudge } from '../support/duckdb.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const MODEL = ['--model', 'openai/gpt-6.1-terra']
const PROMPT = ['--prompt', '{{text}}']

let judge: Judge

beforeAll(async () => {
  judge = await openJudge()
})

afterAll(() => judge.close())

function pathsIn({ folder }: LocalWorld, ...names: readonly string[]): readonly string[] {
  return names.map((name) => `'${join(folder, name)}'`)
}

async function linesOf({ folder }: LocalWorld, name: string): Promise<readonly Record<string, unknown>[]> {
  return parseLines(await readFile(join(folder, name), 'utf8'))
}

/** Types a command that must succeed. */
async function succeed(world: LocalWorld, ...words: readonly string[]): Promise<void> {
  expectExit(await type(world, ...words), 0)
}

/** Carries one out in this process. */
async function succeedHere(world: LocalWorld, ...words: readonly string[]): Promise<string> {
  const { code, stderr, stdout } = await typeHere(world, ...words)
  expectExit({ code, stderr }, 0)
  return `${stdout}${stderr}`
}

describe('Parquet in and out', () => {
  const QUERY = `select i as id, 'Question ' || i as text, (9007199254740993 + i)::bigint as big, i / 7.0 as score,
    (i / 3)::decimal(20, 6) as price, i % 2 = 0 as flag, date '2026-01-01' + (i % 900)::int as day,
    timestamptz '2026-01-01 00:00:00.123456+00' + interval (i) second as moment, [i, null] as list,
    {'city': 'Ulm', 'at': {'n': i}} as place, case when i % 3 = 0 then null else 'x' end as hole`

  it('keeps every row and every type, from CSV to Parquet and back to CSV, for 5,000 rows', async () => {
    const world = await openWorld()
    const [csv, parquet, last] = pathsIn(world, 'rows.csv', 'out.parquet', 'last.csv')
    await judge.run(`copy (${QUERY} from range(5000) t(i)) to ${csv} (format csv, header)`)
    await succeed(world, 'run', 'rows.csv', ...MODEL, ...PROMPT, '--id-column', 'id', '-o', 'out.parquet', '--yes')
    const [counted] = await judge.rows(
      `select count(*) as n, count(distinct id) as ids, count(*) filter (llm_status = 'succeeded') as good,
         count(*) filter (id = llm_id and llm_output like '[simulated]%') as own from ${parquet}`,
    )
    expect(counted).toEqual({ n: '5000', ids: '5000', good: '5000', own: '5000' })
    const columns = "id, text, big, score, price, flag, day, moment, list, place, coalesce(hole, '')"
    const given = `read_csv(${csv}, header = true, all_varchar = true, delim = ',', quote = '"')`
    expect(await differences(judge, given, parquet ?? '', columns)).toBe(0)

    await succeedHere(
      world,
      'run',
      'out.parquet',
      ...MODEL,
      ...PROMPT,
      '--columns',
      'id,text,big,hole',
      '-o',
      'last.csv',
      '--yes',
    )
    const again = `read_csv(${last}, header = true, all_varchar = true, delim = ',', quote = '"')`
    expect(await differences(judge, given, again, "id, text, big, coalesce(hole, '')")).toBe(0)
  })

  it('writes the types that a Parquet file had, and ours beside them', async () => {
    const world = await openWorld()
    const [given, out] = pathsIn(world, 'rows.parquet', 'out.parquet')
    await judge.run(`copy (${QUERY} from range(300) t(i)) to ${given} (format parquet)`)
    await succeed(world, 'run', 'rows.parquet', ...MODEL, ...PROMPT, '--yes', '-o', 'out.parquet')
    const described = async (path: string | undefined) =>
      (await judge.rows(`describe select * from ${path}`)).map((row) => [row['column_name'], row['column_type']])
    const before = await described(given)
    const after = await described(out)
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after.slice(before.length)).toEqual([
      ['llm_output', 'VARCHAR'],
      ['llm_status', 'VARCHAR'],
      ['llm_error', 'VARCHAR'],
      ['llm_finish_reason', 'VARCHAR'],
      ['llm_prompt_tokens', 'INTEGER'],
      ['llm_completion_tokens', 'INTEGER'],
      ['llm_cost_usd', 'DOUBLE'],
      ['llm_model', 'VARCHAR'],
      ['llm_id', 'VARCHAR'],
      ['llm_attempt', 'INTEGER'],
    ])
    const columns = before.map(([name]) => name).join(', ')
    expect(await differences(judge, given ?? '', out ?? '', columns)).toBe(0)
    await succeedHere(world, 'results', 'last', '-o', 'out.jsonl')
    expect((await linesOf(world, 'out.jsonl'))[1]).toMatchObject({
      id: 1,
      price: 0.333333,
      day: '2026-01-02',
      moment: '2026-01-01T00:00:01.123456Z',
      list: [1, null],
      place: { city: 'Ulm', at: { n: 1 } },
      llm_status: 'succeeded',
    })
  })

  it('finds the types of JSON lines when it is written', async () => {
    const world = await openWorld()
    await world.write(
      'rows.jsonl',
      '{"text":"a","n":1,"x":1,"big":12345678901234567}\n{"text":"b","n":2.5,"x":"y","o":{"p":[true]}}\n',
    )
    await succeedHere(world, 'run', 'rows.jsonl', ...MODEL, ...PROMPT, '-o', 'out.parquet')
    const [out] = pathsIn(world, 'out.parquet')
    expect(await judge.rows(`select text, n, x, big, o from ${out}`)).toEqual([
      { text: 'a', n: 1, x: '1', big: '12345678901234567', o: null },
      { text: 'b', n: 2.5, x: '"y"', big: null, o: { p: [true] } },
    ])
  })

  it('is refused where it cannot be: from a pipe, to a pipe, inside gzip', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"a"}\n')
    const run = (...words: readonly string[]) => typeHere(world, 'run', ...words, ...MODEL, ...PROMPT)
    const piped = await start(world, ['run', '-', ...MODEL, ...PROMPT], { input: 'PAR1 and more' }).ended
    expect(piped).toMatchObject({ code: 2, stderr: expect.stringContaining('only be read from a file') as string })
    expect(await run('rows.jsonl', '--format', 'parquet')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot be written to standard output') as string,
    })
    expect(await run('rows.jsonl', '-o', 'out.parquet.gz')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Parquet inside gzip') as string,
    })
  })
})

describe('gzip in and out', () => {
  it('reads and writes .gz, and knows it in a pipe', async () => {
    const world = await openWorld()
    await writeFile(join(world.folder, 'rows.csv.gz'), gzipSync('id,text\n1,one\n2,two\n'))
    await succeed(world, 'run', 'rows.csv.gz', ...MODEL, ...PROMPT, '-o', 'out.jsonl.gz')
    const answers = parseLines(gunzipSync(await readFile(join(world.folder, 'out.jsonl.gz'))).toString())
    expect(answers.map(({ id, llm_status, text }) => [id, text, llm_status])).toEqual([
      ['1', 'one', 'succeeded'],
      ['2', 'two', 'succeeded'],
    ])
    await succeedHere(world, 'results', 'last', '-o', 'out.csv.gz', '--columns', 'id')
    expect(gunzipSync(await readFile(join(world.folder, 'out.csv.gz'))).toString()).toMatch(/^id,llm_output,/)
  })
})

describe('several files', () => {
  it('are one input in the order given, with the source of each row, whatever their formats', async () => {
    const world = await openWorld()
    const [parquet, out] = pathsIn(world, 'c.parquet', 'out.parquet')
    await world.write('a.csv', 'id,text\na1,one\na2,two\n')
    await world.write('b.jsonl', '{"text":"three","n":3}\n')
    await judge.run(`copy (select 'four' as text, 4::bigint as n) to ${parquet} (format parquet)`)
    const words = ['b.jsonl', 'a.csv', 'c.parquet', ...MODEL, ...PROMPT]
    await succeedHere(world, 'run', ...words, '-o', 'out.parquet')
    expect(await judge.rows(`select text, n, id, llm_id, llm_source from ${out}`)).toEqual([
      { text: 'three', n: '3', id: null, llm_id: 'b.jsonl:1', llm_source: 'b.jsonl' },
      { text: 'one', n: null, id: 'a1', llm_id: 'a.csv:2', llm_source: 'a.csv' },
      { text: 'two', n: null, id: 'a2', llm_id: 'a.csv:3', llm_source: 'a.csv' },
      { text: 'four', n: '4', id: null, llm_id: 'c.parquet:1', llm_source: 'c.parquet' },
    ])
    await succeedHere(world, 'results', 'last', '-o', 'one.csv', '--columns', 'llm_source,text')
    expect(await readFile(join(world.folder, 'one.csv'), 'utf8')).toBe(
      'llm_source,text\nb.jsonl,three\na.csv,one\na.csv,two\nc.parquet,four\n',
    )
    expect(await succeedHere(world, 'status', 'last')).toContain('and 2 more')
  })

  it('must not share ids, and their problems name file and line', async () => {
    const world = await openWorld()
    await world.write('a.csv', 'id,text\n1,one\n2,two\n')
    await world.write('b.jsonl', '{"id":2,"text":"three"}\n{"id":3}\nno\n')
    const { code, stderr } = await type(world, 'run', 'a.csv', 'b.jsonl', ...MODEL, ...PROMPT, '--id-column', 'id')
    expect(code).toBe(2)
    expect(stderr).toMatch(/b\.jsonl line 1 +duplicate_id: the id "2" is also in row 2 of a\.csv/)
    expect(stderr).toMatch(/b\.jsonl line 2 +missing_column/)
    expect(stderr).toMatch(/b\.jsonl line 3 +invalid_json/)
  })

  it('cannot be mixed with standard input, and none of them may be the output', async () => {
    const world = await openWorld()
    await world.write('a.csv', 'text\none\n')
    await world.write('b.csv', 'text\ntwo\n')
    const mixed = await typeHere(world, 'run', 'a.csv', '-', ...MODEL, ...PROMPT)
    expect(mixed).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be used with files') as string })
    const own = await typeHere(world, 'run', 'a.csv', 'b.csv', ...MODEL, ...PROMPT, '-o', 'b.csv', '--force')
    expect(own).toMatchObject({ code: 2, stderr: expect.stringContaining('is the input file') as string })
  })
})

describe('the columns of the answers', () => {
  it('are chosen by --columns, which is refused before anything is sent where it names what is none', async () => {
    const world = await openWorld()
    await world.write('rows.csv', 'id,text,"a,b"\n1,one,x\n')
    const words = ['run', 'rows.csv', ...MODEL, ...PROMPT]
    const wrong = await typeHere(world, ...words, '-o', 'out.csv', '--columns', 'id,titel')
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/unknown column in --columns: titel[\s\S]*id, text, a,b, llm_output/) as string,
    })
    const planned = await typeHere(world, 'plan', 'rows.csv', ...MODEL, ...PROMPT, '--columns', 'titel')
    expect(planned).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('unknown column in --columns: titel') as string,
    })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    await succeedHere(world, ...words, '-o', 'out.csv', '--columns', '"a,b",llm_status', '--columns', 'id')
    expect(await readFile(join(world.folder, 'out.csv'), 'utf8')).toBe('"a,b",llm_status,id\nx,succeeded,1\n')
    const later = await typeHere(world, 'results', 'last', '-o', 'later.csv', '--columns', 'titel')
    expect(later).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('unknown column in --columns: titel') as string,
    })
  })

  it('tell of tokens from the cache and of reasoning where they are asked for, and stay as they are else', async () => {
    const message = { role: 'assistant', content: 'yes' }
    const world = await openWorld({
      answer: () => ({
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage: {
          prompt_tokens: 20,
          completion_tokens: 7,
          total_tokens: 27,
          prompt_tokens_details: { cached_tokens: 16 },
          completion_tokens_details: { reasoning_tokens: 4 },
        },
      }),
    })
    await world.write('rows.csv', 'text\none\n')
    const chosen = ['--columns', 'text,llm_output,cached_tokens,llm_reasoning_tokens']
    await succeedHere(world, 'run', 'rows.csv', ...MODEL, ...PROMPT, '-o', 'out.jsonl', ...chosen)
    expect(await linesOf(world, 'out.jsonl')).toEqual([
      { text: 'one', llm_output: 'yes', llm_cached_tokens: 16, llm_reasoning_tokens: 4 },
    ])
    await succeedHere(world, 'results', 'last', '-o', 'out.parquet', ...chosen)
    const [out] = pathsIn(world, 'out.parquet')
    expect(await judge.rows(`describe select llm_cached_tokens from ${out}`)).toMatchObject([
      { column_type: 'INTEGER' },
    ])
    const shown = await succeedHere(world, 'results', 'last', '--table', '--where', 'cached_tokens>=16')
    expect(shown).toMatch(/cached_tokens[\s\S]*16/)
    await succeedHere(world, 'results', 'last', '-o', 'usual.csv', '--columns', 'text')
    const [header] = (await readFile(join(world.folder, 'usual.csv'), 'utf8')).split('\n')
    expect(header).toContain('llm_completion_tokens,llm_cost_usd')
  })

  it('hold with --raw what the provider wrote', async () => {
    const world = await openWorld()
    await world.write('rows.csv', 'text\none\n')
    await succeedHere(world, 'run', 'rows.csv', ...MODEL, ...PROMPT, '--raw', '-o', 'out.jsonl')
    const [answer] = await linesOf(world, 'out.jsonl')
    expect(answer).toMatchObject({
      llm_raw: { custom_id: expect.stringMatching(/^b/) as string, response: { status_code: 200 } },
    })
    await succeedHere(world, 'results', 'last', '-o', 'out.csv', '--columns', 'llm_raw')
    const [header, line] = (await readFile(join(world.folder, 'out.csv'), 'utf8')).split('\n')
    expect(header).toBe('llm_raw')
    expect(JSON.parse(line?.slice(1, -1).replaceAll('""', '"') ?? '')).toEqual(answer?.['llm_raw'])
  })
})

describe('a JSON list and tab-separated values', () => {
  it('are written where the ending says so, packed or piped, with the failed rows too, and are inputs as they stand', async () => {
    const world = await openWorld()
    const bad = 'bad\\tnews [[simulate: status=400 times=1]]'
    await world.write(
      'rows.jsonl',
      `{"id":"1","text":"fine","n":12345678901234567890}\n{"id":"2","text":"${bad}","n":1.0}\n`,
    )
    const words = [...MODEL, ...PROMPT, '--id-column', 'id']
    const answers = ['-o', 'out.json', '--failed', 'failed.tsv']
    expectExit(await type(world, 'run', 'rows.jsonl', ...words, ...answers), 4)
    const text = await readFile(join(world.folder, 'out.json'), 'utf8')
    expect(text.split('\n')).toEqual([
      '[',
      expect.stringMatching(/^\{"id":"1","text":"fine","n":12345678901234567890,"llm_output":.*\},$/),
      expect.stringMatching(/^\{"id":"2",.*,"n":1\.0,"llm_output":.*\}$/),
      ']',
      '',
    ])
    const [out, failed] = pathsIn(world, 'out.json', 'failed.tsv')
    expect(await judge.rows(`select id, llm_status from read_json(${out}, format = 'array')`)).toEqual([
      { id: '1', llm_status: 'succeeded' },
      { id: '2', llm_status: 'failed' },
    ])
    const read = `read_csv(${failed}, delim = '\t', header = true, all_varchar = true)`
    expect(await judge.rows(`select id, text, n from ${read}`)).toEqual([
      { id: '2', text: 'bad\tnews [[simulate: status=400 times=1]]', n: '1.0' },
    ])

    await succeedHere(world, 'run', 'failed.tsv', ...words, '-o', 'second.tsv.gz')
    const packed = gunzipSync(await readFile(join(world.folder, 'second.tsv.gz'))).toString()
    expect(packed).toMatch(/^id\ttext\tn\tllm_output\t.*\n2\t"bad\tnews [^"]*"\t1\.0\t/)
    await succeedHere(world, 'results', 'last', '-o', 'second.json.gz', '--failed', 'none.json')
    const again = gunzipSync(await readFile(join(world.folder, 'second.json.gz'))).toString()
    expect(JSON.parse(again)).toMatchObject([{ id: '2', text: expect.stringMatching(/^bad\tnews/), n: '1.0' }])
    expect(await readFile(join(world.folder, 'none.json'), 'utf8')).toBe('[\n]\n')
    const picked = ['--format', 'json', '--prefix', 'x_', '--columns', 'id,x_status']
    const piped = await typeHere(world, 'results', 'last', ...picked)
    expectExit(piped, 0)
    expect(piped.stdout).toBe('[\n{"id":"2","x_status":"succeeded"}\n]\n')
    const third = ['--columns', 'id', '--prefix', 'x_', '-o', 'third.jsonl']
    await succeedHere(world, 'run', 'second.json.gz', ...words, ...third)
    expect((await linesOf(world, 'third.jsonl')).map(({ id, x_status: status }) => [id, status])).toEqual([
      ['2', 'succeeded'],
    ])
  })
})

describe('rows that did not succeed', () => {
  it('are in a file of their own as well, which can be fed in again', async () => {
    const world = await openWorld()
    await world.write(
      'rows.csv',
      'id,text\n1,fine\n2,bad [[simulate: status=400 times=1]]\n3,worse [[simulate: status=400 times=1]]\n',
    )
    const words = [...MODEL, ...PROMPT, '--id-column', 'id']
    const { code, stderr } = await typeHere(
      world,
      'run',
      'rows.csv',
      ...words,
      '-o',
      'out.jsonl',
      '--failed',
      'failed.csv',
    )
    expectExit({ code, stderr }, 4)
    expect(stderr).toMatch(/Failed rows +2 rows also in .*failed\.csv/)
    expect((await linesOf(world, 'out.jsonl')).map(({ llm_id, llm_status }) => [llm_id, llm_status])).toEqual([
      ['1', 'succeeded'],
      ['2', 'failed'],
      ['3', 'failed'],
    ])
    const failed = (await readFile(join(world.folder, 'failed.csv'), 'utf8')).trimEnd().split('\n')
    expect(failed.map((line) => line.split(',')[0])).toEqual(['id', '2', '3'])
    await succeedHere(world, 'run', 'failed.csv', ...words, '-o', 'second.jsonl')
    expect((await linesOf(world, 'second.jsonl')).map(({ id, llm_status }) => [id, llm_status])).toEqual([
      ['2', 'succeeded'],
      ['3', 'succeeded'],
    ])
    await succeedHere(world, 'results', 'last', '-o', 'third.jsonl', '--failed', 'none.jsonl')
    expect(await readFile(join(world.folder, 'none.jsonl'), 'utf8')).toBe('')
  })
})
