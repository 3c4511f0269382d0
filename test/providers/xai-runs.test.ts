// Runs through xAI's dialect of the local server, whose books tell what was bought.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Ended, type, typeHere } from '../support/command.ts'
import { type AnswerLine, promptRows, SHORT_LIMITS, SHORT_WAITS } from '../support/fault-run.ts'
import { heldFaults, UNTIL_RELEASED } from '../support/held-clock.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const KEY = 'xai-test-0123456789'

/** A world whose xAI is the local server, with commands for one run there. */
async function xaiWorld(rows: string, options: Parameters<typeof openWorld>[0] = {}) {
  const opened = await openWorld({ waits: SHORT_LIMITS, ...options })
  const environment = { ...opened.environment, XAI_API_KEY: KEY, XAI_BASE_URL: opened.server.xaiUrl }
  const world = { ...opened, environment }
  const place = ['--config', world.configPath]
  const path = await world.write('rows.jsonl', rows)
  const output = join(world.folder, 'answers.jsonl')
  const asked = ['--model', 'xai/grok-4', '--prompt', '{{text}}', '--no-canary', '--yes', ...place]
  return {
    world,
    place,
    asked: [path, ...asked],
    run: ['run', path, ...asked, '--output', output],
    resume: ['resume', 'last', ...place],
    answers: async () => {
      const lines = (await readFile(output, 'utf8')).trimEnd().split('\n')
      return lines.map((line) => JSON.parse(line) as AnswerLine & { readonly llm_completion_tokens: number })
    },
  }
}

function ended(result: Ended, code: number): void {
  expect({ code: result.code, stderr: code === result.code ? '' : result.stderr }).toEqual({ code, stderr: '' })
}

describe('a run at xai', () => {
  it('is sent as a file and read by pages, and its thoughts are counted', async () => {
    const answer = (body: Readonly<Record<string, unknown>>) => ({
      id: 'r1',
      object: 'chat.completion',
      model: body['model'],
      choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 9, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 30 } },
    })
    const { answers, run, world } = await xaiWorld(questions(250), { answer })
    ended(await type(world, ...run), 0)
    const got = await answers()
    expect(got).toHaveLength(250)
    expect(got[249]).toMatchObject({ id: 'q249', llm_status: 'succeeded', llm_completion_tokens: 32 })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 250, rowsBilledAgain: 0 })
  })

  it('keeps the text of each failed row, and sends none again by itself', async () => {
    const rows = promptRows(['fine', '[[simulate: status=400]]', '[[simulate: status=503]]', '[[simulate: length]]'])
    const { answers, run, world } = await xaiWorld(rows)
    ended(await typeHere(world, ...run), 4)
    const got = await answers()
    expect(got.map(({ llm_status: status }) => status)).toEqual(['succeeded', 'failed', 'failed', 'truncated'])
    expect(got[2]?.llm_error).toContain('currently overloaded')
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
  })

  it('is held with the words of xAI where that cancels a malformed file', async () => {
    const { run, world } = await xaiWorld(questions(4), { faults: ['run:1=refuse(invalid_json_line@2)'] })
    const held = await typeHere(world, ...run)
    ended(held, 3)
    expect(held.stderr).toContain('Line 2 of the input file: Refused on purpose')
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 0 })
  })

  it('keeps what was answered before a cancel, though it counted as cancelled for a while, and buys nothing twice', async () => {
    const { answers, place, run, world } = await xaiWorld(questions(6), { faults: ['run=stuck(0.5)'] })
    ended(await typeHere(world, ...run, '--no-wait'), 75)
    await expect.poll(async () => (await shownCounts(world.server.xaiUrl))?.['num_success'], PATIENCE).toBe(3)
    ended(await typeHere(world, 'cancel', 'last', ...place), 0)
    const statuses = (await answers()).map(({ llm_status: status }) => status)
    expect(statuses).toEqual([...Array(3).fill('succeeded'), ...Array(3).fill('cancelled')])
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3, rowsBilledAgain: 0 })
  })

  it('leaves the rows of an expired batch missing, and sends them again only when the user says so', async () => {
    const { answers, place, run, world } = await xaiWorld(questions(4), { faults: ['run:1=expire(0.5)'] })
    ended(await typeHere(world, ...run), 4)
    const statuses = (await answers()).map(({ llm_status: status }) => status)
    expect(statuses).toEqual(['succeeded', 'succeeded', 'missing', 'missing'])
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 2 })
    ended(await typeHere(world, 'retry', 'last', '--status', 'missing', '--yes', ...place), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 4, rowsBilledAgain: 0 })
  })

  it('waits where there are too many creates at once', async () => {
    const { run, world } = await xaiWorld(questions(3), { faults: ['create:1=status(429)'] })
    ended(await typeHere(world, ...run), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3, rowsBilledAgain: 0 })
  })

  it('is refused with a schema before anything is sent', async () => {
    const { run, world } = await xaiWorld(questions(1))
    const refused = await typeHere(world, ...run, '--field', 'name: string')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('does not support a schema') })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
  })
})

/** The counts of the newest batch, as the API shows them. */
async function shownCounts(url: string): Promise<Readonly<Record<string, number>> | undefined> {
  const response = await fetch(`${url}/batches`, { headers: { authorization: `Bearer ${KEY}` } })
  const { batches } = (await response.json()) as { batches: readonly { state: Readonly<Record<string, number>> }[] }
  return batches[0]?.state
}

describe('a create at xai whose answer is lost', () => {
  it.each([
    ['its name', []],
    ['its input file, where it lost its name', ['list=metadata-dropped']],
  ])('is found by %s, and bought once', async (_words, more) => {
    const { run, world } = await xaiWorld(questions(5), { faults: ['create:1=accept-then-reset', ...more] })
    ended(await typeHere(world, ...run), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 5, rowsBilledAgain: 0 })
  })

  it('is held where it made nothing, looked for in no other account, and sent again only when the user says so', async () => {
    const accounts = { [KEY]: 'mine', 'xai-theirs-0123456789': 'theirs' }
    const { asked, resume, run, world } = await xaiWorld(questions(5), { accounts, faults: ['create:1=reset'] })
    const plan = await typeHere(world, 'plan', ...asked.filter((word) => word !== '--yes'))
    expect(plan.stdout.replaceAll(/\s+/g, ' ')).toContain('nothing is known to stop a late create at this provider')
    const held = await type(world, ...run)
    ended(held, 3)
    expect(held.stderr).toContain('nothing is known to stop a late create at xai')
    ended(await typeHere(world, ...resume), 3)
    const theirs = { ...world, environment: { ...world.environment, XAI_API_KEY: 'xai-theirs-0123456789' } }
    const other = await typeHere(theirs, ...resume)
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('was started with another key') })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, rowsBilled: 0 })
    ended(await typeHere(world, ...resume, '--on-unknown-create', 'resend'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 5, rowsBilledAgain: 0 })
  })

  it('that arrives when it is held already is found by a resume, and nothing is bought beside it', async () => {
    const { clock, release } = heldFaults()
    const faults = [`create:1=delayed(${UNTIL_RELEASED})`]
    const { resume, run, world } = await xaiWorld(questions(5), { clock, faults })
    ended(await typeHere(world, ...run), 3)
    release()
    await expect.poll(async () => (await world.server.ledger()).batchesCreated, PATIENCE).toBe(1)
    ended(await typeHere(world, ...resume), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 5, rowsBilledAgain: 0 })
  })
})

it('the work of a lost home is found again by the names of its batches at xai', async () => {
  const { answers, place, run, world } = await xaiWorld(questions(4), { waits: SHORT_WAITS })
  ended(await typeHere(world, ...run, '--no-wait'), 75)
  const other = { ...world, environment: { ...world.environment, LLM_BATCH_HOME: join(world.folder, 'other') } }
  expect((await typeHere(other, ...run)).stderr).toContain('remote adopt')
  ended(await typeHere(other, 'remote', 'adopt', ...place), 0)
  ended(await typeHere(other, 'resume', 'last', ...place), 0)
  expect((await answers()).map(({ llm_status: status }) => status)).toEqual(Array(4).fill('succeeded'))
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
})
