import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { typeHere } from '../support/command.ts'
import { SHORT_LIMITS } from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const MODEL = 'gemini/gemini-3.8-flash'

function runLine(world: LocalWorld, rows: string, ...more: readonly string[]): readonly string[] {
  const place = ['--config', world.configPath, '--output', join(world.folder, 'answers.jsonl')]
  return ['run', rows, '--model', MODEL, '--prompt', '{{text}}', '--yes', ...place, ...more]
}

async function answersIn(world: LocalWorld): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(join(world.folder, 'answers.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

it('a create that never arrived is proved absent with the input deleted, and sent anew', async () => {
  const world = await openWorld({ faults: ['create:1=reset'], waits: SHORT_LIMITS })
  const rows = await world.write('rows.jsonl', questions(3))
  expect(await typeHere(world, ...runLine(world, rows, '--no-canary'))).toMatchObject({ code: 0 })
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3, rowsBilledAgain: 0 })
})

it('a batch that is shown without its name is believed where it answers the create, and bought once', async () => {
  const world = await openWorld({ faults: ['create=metadata-dropped'], waits: SHORT_LIMITS })
  const rows = await world.write('rows.jsonl', questions(3))
  expect(await typeHere(world, ...runLine(world, rows, '--no-canary'))).toMatchObject({ code: 0 })
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3, rowsBilledAgain: 0 })
})

it('answers of a schema, refusals and answers that are cut off come back in the words of every provider', async () => {
  const world = await openWorld()
  const prompts = [
    'A fine one.',
    '[[simulate: invalid_json times=1]] nonce:again',
    '[[simulate: content_filter]]',
    '[[simulate: length]]',
  ]
  const rows = await world.write('rows.jsonl', prompts.map((text) => JSON.stringify({ text })).join('\n'))
  const run = await typeHere(world, ...runLine(world, rows, '--no-canary', '--field', 'name: string', '--reask', '1'))
  expect(run).toMatchObject({ code: 4 })
  const answers = await answersIn(world)
  expect(answers.map(({ llm_status: status }) => status)).toEqual(['succeeded', 'succeeded', 'refused', 'truncated'])
  expect(answers[0]).toMatchObject({ llm_output: { name: expect.any(String) } })
})

it('what gemini has no equivalent for is refused before anything is sent', async () => {
  const world = await openWorld()
  const rows = await world.write('rows.jsonl', questions(2))
  const refused = await typeHere(world, ...runLine(world, rows, '--param', 'logit_bias={"1":2}'))
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain('gemini does not support the parameter "logit_bias"; nothing was sent')
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, directCalls: 0 })
})

it('a batch that expired leaves nothing: its rows are missing, and bought again only by a wish', async () => {
  const world = await openWorld({ faults: ['run:1=expire(0.5)'], waits: SHORT_LIMITS })
  const rows = await world.write('rows.jsonl', questions(4))
  expect(await typeHere(world, ...runLine(world, rows, '--no-canary'))).toMatchObject({ code: 4 })
  expect((await answersIn(world)).map(({ llm_status: status }) => status)).toEqual(Array(4).fill('missing'))
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1 })
  const retry = ['retry', 'last', '--status', 'missing', '--yes', '--config', world.configPath]
  expect(await typeHere(world, ...retry)).toMatchObject({ code: 0 })
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2 })
})

it('the work of a lost home is found again by the names of its batches, and collected without another create', async () => {
  const world = await openWorld()
  const rows = await world.write('rows.jsonl', questions(4))
  expect(await typeHere(world, ...runLine(world, rows, '--no-wait'))).toMatchObject({ code: 75 })
  const other = { ...world, environment: { ...world.environment, LLM_BATCH_HOME: join(world.folder, 'other') } }
  const again = await typeHere(other, ...runLine(world, rows))
  expect(again.stderr).toContain('remote adopt')
  const place = ['--config', world.configPath]
  expect(await typeHere(other, 'remote', 'adopt', ...place)).toMatchObject({ code: 0 })
  expect(await typeHere(other, 'resume', 'last', ...place)).toMatchObject({ code: 0 })
  expect((await answersIn(world)).map(({ llm_status: status }) => status)).toEqual(Array(4).fill('succeeded'))
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
})

it('a run is cancelled at gemini, which has no word for a batch that is being cancelled', async () => {
  const world = await openWorld({ faults: ['run=stuck(0.5)'] })
  const rows = await world.write('rows.jsonl', questions(4))
  const place = ['--config', world.configPath]
  expect(await typeHere(world, ...runLine(world, rows, '--no-wait'))).toMatchObject({ code: 75 })
  expect(await typeHere(world, 'cancel', 'last', ...place)).toMatchObject({ code: 0 })
  const statuses = (await answersIn(world)).map(({ llm_status: status }) => status)
  expect(statuses).toHaveLength(4)
  expect(statuses.filter((status) => status !== 'succeeded' && status !== 'cancelled')).toEqual([])
  expect(await world.server.ledger()).toMatchObject({ batches: [{ phase: 'cancelled' }], rowsBilledAgain: 0 })
})

it('rows are asked directly by try, and doctor tests what is assumed of gemini', async () => {
  const world = await openWorld({ durations: { validateMs: 4_000, runMs: 20 } })
  const rows = await world.write('rows.jsonl', questions(3))
  const place = ['--config', world.configPath]
  const tried = await typeHere(world, 'try', rows, '--model', MODEL, '--prompt', '{{text}}', ...place)
  expect(tried.code).toBe(0)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, directCalls: 3 })
  const probe = await typeHere(world, 'doctor', '--live', '--model', MODEL, '--yes', '--json', ...place)
  const { evidence } = JSON.parse(probe.stdout) as {
    readonly evidence: { readonly findings: Readonly<Record<string, { readonly verdict: string }>> }
  }
  const verdicts = Object.entries(evidence.findings).map(([name, { verdict }]) => [name, verdict])
  expect(Object.fromEntries(verdicts)).toEqual({
    deletedInput: 'holds',
    listing: 'holds',
    cancel: 'holds',
    deletedWhileQueued: 'holds',
  })
})
