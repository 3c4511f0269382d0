import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Sessions } from '../../src/store/postgres/sessions.ts'
import { expectExit, type, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { newMachine } from '../support/machines.ts'
import { homeAddress, sharedPostgres } from '../support/postgres.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']

/** Statements of the administrator of the shared database. */
async function administer(statements: string): Promise<void> {
  const sessions = new Sessions({ url: await sharedPostgres(), schema: 'public' })
  await sessions.use((client) => client.query(statements))
  await sessions.close()
}

it('is made by init, which says what it made, and serves a user without the right to create anything', async () => {
  const world = await openWorld()
  const address = await homeAddress()
  const schema = new URL(address).searchParams.get('schema')
  const shown = address.replace(/\?.*/, '')
  const owner = await newMachine(world, 'owner', { LLM_BATCH_HOME: address })
  const early = await type(owner, 'runs')
  expectExit(early, 2)
  expect(early.stderr).toBe(
    `error: there is no home in ${shown}, schema ${schema}\nnext: Make it with: llm-batch init --home ADDRESS\n`,
  )
  expectExit(await typeHere(owner, 'init'), 2)
  const files = join(world.folder, 'shared')
  const made = await typeHere(owner, 'init', '--files', files)
  expectExit(made, 0)
  expect(made.stderr).toBe(
    `Made the schema ${schema} with its tables in ${shown}; the files of its runs lie in ${files}.\n`,
  )
  const again = await typeHere(owner, 'init', '--files', files)
  expectExit(again, 0)
  expect(again.stderr).toBe(`${shown} holds this home already, in the schema ${schema}; nothing was changed.\n`)

  const name = `user_${schema}`
  await administer(`create role ${name} login; grant usage on schema ${schema} to ${name};
    grant select, insert, update, delete on all tables in schema ${schema} to ${name}`)
  const user = await newMachine(world, 'user', { LLM_BATCH_HOME: address.replace('tester@', `${name}:unspoken@`) })
  await user.write('rows.jsonl', questions(2))
  const run = await type(user, ...LINE)
  expectExit(run, 0)
  const job = await typeHere(user, 'runs', 'job', 'last')
  expectExit(job, 0)
  const doctor = await typeHere(user, 'doctor', '--offline')
  expectExit(doctor, 0)
  expect(doctor.stdout).toMatch(/home +postgres:\S+ \(1 run\)\n +files +\S+shared\n +workers +none is at work\n/)
  // The password of the address is nowhere.
  expect([run, job, doctor].map(({ stdout, stderr }) => stdout + stderr).join('')).not.toContain('unspoken')
})

it('that cannot be reached, is refused or of another version ends a command with one sentence', async () => {
  const world = await openWorld()
  const address = await homeAddress()
  const at = async (home: string) => await newMachine(world, `m${(count += 1)}`, { LLM_BATCH_HOME: home })
  let count = 0
  const away = await type(await at('postgres://tester@127.0.0.1:1/postgres'), 'status')
  expectExit(away, 75)
  expect(away.stderr).toMatch(/^error: the database of the home cannot be reached: .*\nnext: Nothing is lost\. .*\n$/)
  const refused = await typeHere(await at(address.replace('/postgres?', '/nosuch?')), 'status')
  expectExit(refused, 2)
  expect(refused.stderr).toMatch(
    /^error: the database of the home postgres:\S+ refuses the connection: .*\nnext: .*\n$/,
  )
  const owner = await at(address)
  expectExit(await typeHere(owner, 'init', '--files', join(world.folder, 'shared')), 0)
  await administer(`update ${new URL(address).searchParams.get('schema')}.catalog set version = 1`)
  const older = await typeHere(owner, 'status')
  expectExit(older, 3)
  expect(older.stderr).toMatch(
    /^error: postgres:\S+ was written by an earlier, unreleased version of llm-batch\nnext: .*\n$/,
  )
})
