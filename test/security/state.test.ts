import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runFolder, statePath } from '../../src/store/run-folder.ts'
import { expectExit, type, typedFirst, typeHere } from '../support/command.ts'
import { MODELS } from '../support/fault-run.ts'
import { answerJson, startHttpServer } from '../support/http-server.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const LINE = ['run', 'rows.jsonl', '--model', MODELS.openai, '--prompt', '{{text}}', '-o', 'answers.jsonl']
const ENDLESS = { durations: { runMs: 3_600_000 } }

/** A home with a run whose batch is at work, as someone else may hand it over. */
async function worldWithRun(): Promise<LocalWorld> {
  const world = await openWorld(ENDLESS)
  await world.write('rows.jsonl', questions(2))
  expectExit(await typeHere(world, ...LINE, '--no-wait'), 75)
  return world
}

/** Changes a state by hand. */
function tamper({ home }: LocalWorld, sql: string, ...values: readonly string[]): void {
  const database = new DatabaseSync(statePath(home))
  try {
    database.prepare(sql).run(...values)
  } finally {
    database.close()
  }
}

describe('a state from someone else', () => {
  it('leads no key to another server: its base URL is compared and not obeyed', async () => {
    const world = await worldWithRun()
    const thief = await startHttpServer((_, response) => answerJson(response, 200, { data: [], has_more: false }))
    onTestFinished(() => thief.close())
    tamper(world, `update runs set definition = json_set(definition, '$.baseUrl', ?)`, `${thief.origin}/v1`)
    for (const words of [['tick'], ['cancel', 'last'], ['remote', 'adopt', 'last'], ['status']])
      await typeHere(world, ...words)
    const resumed = await type(world, 'resume')
    expectExit(resumed, 2)
    expect(resumed.stderr).toMatch(/was started at .*, but now OPENAI_BASE_URL leads to/)
    expect(thief.connections).toBe(0)
  })

  it('names no other file as an input, so that none is sent to a provider', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    await world.write('secret.jsonl', 'something private\n')
    expectExit(await typeHere(world, ...LINE, '--no-wait'), 75)
    tamper(world, `update attempts set stage = 'planned', input_name = ?, input_bytes = 18`, '../../../../secret.jsonl')
    tamper(world, `update runs set state = 'ready'`)
    const { code, stderr } = await type(world, 'resume', '--again')
    expect(code).toBe(3)
    expect(stderr).toMatch(/which llm-batch never makes/)
    const stored = await readdir(join(world.folder, 'server'), { recursive: true })
    for (const name of stored.filter((path) => /file/.test(path))) {
      expect(await readFile(join(world.folder, 'server', name), 'utf8').catch(() => '')).not.toContain('private')
    }
  })

  it('names no other folder as a run, so that none is removed', async () => {
    const world = await worldWithRun()
    const precious = join(world.folder, 'precious')
    await mkdir(precious)
    await writeFile(join(precious, 'file'), 'x')
    tamper(world, 'update runs set id = ?', '../../precious')
    const { code, stderr } = await type(world, 'runs', 'rm', '../../precious', '--force')
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/which llm-batch never makes/)
    expect(await readdir(precious)).toEqual(['file'])
  })

  it.each(['CON', 'nul', 'com1.jsonl', 'a/b', 'a\\b', '..', '', 'x\u0000', 'a.jsonl.exe'])(
    'has no run folder %j',
    (name) => {
      expect(() => runFolder('/home', name)).toThrow(/never makes/)
      expect(() => runFolder('/home', 'k3f9-2026-11-23').input(name)).toThrow(/never makes/)
    },
  )

  const BROKEN = { 'broken JSON': '{"version":1', 'another version': '{"version":2}', 'something else': 'null' }

  it.each(Object.entries(BROKEN))(
    'with %s where the definition of a run should be is refused in words',
    async (_, definition) => {
      const carryOut = typedFirst(Object.values(BROKEN), definition)
      const world = await worldWithRun()
      tamper(world, 'update runs set definition = ?', definition)
      const { code, stderr } = await carryOut(world, 'status')
      expectExit({ code, stderr }, 3)
      expect(stderr).toMatch(/^error: the definition of run \S+ cannot be read\nnext: /m)
    },
  )
})

describe('a state file that is not ours', () => {
  const FILES: readonly (readonly [
    what: string,
    words: readonly string[],
    make: (path: string) => Promise<void>,
    RegExp,
  ])[] = [
    ['a text', ['status'], (path) => writeFile(path, 'remember the milk\n'.repeat(500)), /state\.db is not a database/],
    ['a text', LINE, (path) => writeFile(path, 'remember the milk\n'.repeat(500)), /state\.db is not a database/],
    ['a damaged state', ['runs'], damagedState, /state\.db is a damaged database/],
    ['a database of another program', ['tick'], foreignDatabase, /state\.db is a database of another program/],
  ]

  it.each(FILES)('is told with the way out, and stays as it is: %s, at %j', async (what, words, make, message) => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    await mkdir(world.home)
    const path = statePath(world.home)
    await make(path)
    // SQLite itself notes in the header that the file was opened for writing.
    const contents = async (): Promise<Buffer> => (await readFile(path)).subarray(100)
    const before = await contents()
    const ended = await (what === 'a text' && words[0] === 'status' ? type : typeHere)(world, ...words)
    expectExit(ended, 3)
    expect(ended.stderr).toMatch(message)
    expect(ended.stderr).toMatch(/^next: .*(move it away|Move it away)/m)
    expect(ended.stderr).not.toContain('bug:')
    expect(await contents()).toEqual(before)
  })

  it('nor is a lock, which may simply be removed', async () => {
    const world = await worldWithRun()
    const [run = ''] = await readdir(join(world.home, 'runs'))
    await writeFile(runFolder(world.home, run).lock, 'remember the milk\n'.repeat(500))
    const ended = await typeHere(world, 'resume', '--no-wait')
    expectExit(ended, 3)
    expect(ended.stderr).toMatch(/lock\.db is not a database\nnext: It holds nothing that is needed: remove it/)
  })
})

/** A state whose first page is in order and whose others are not. */
async function damagedState(path: string): Promise<void> {
  const database = new DatabaseSync(path)
  database.exec('create table catalog (version integer not null)')
  database.exec('insert into catalog (version) values (1)')
  database.close()
  const bytes = await readFile(path)
  await writeFile(path, Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 0xff)]))
}

async function foreignDatabase(path: string): Promise<void> {
  const database = new DatabaseSync(path)
  database.exec('create table runs (distance real)')
  database.close()
}
