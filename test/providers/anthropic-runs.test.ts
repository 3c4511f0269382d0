// Runs through Anthropic's dialect of the local server, whose books tell what was bought.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { type Ended, type, typeHere } from '../support/command.ts'
import { type AnswerLine, SHORT_LIMITS, SHORT_WAITS } from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const MODEL = 'anthropic/claude-haiku-5-5'

/** The result of this row cannot be read, and so tells nothing of its batch. */
const GARBLED = JSON.stringify({ id: 'r0', text: '[[simulate: garbled]] nonce:r0' })

/** A command line that runs rows of this file, and words for its further commands. */
async function commandsFor(world: LocalWorld, rows: string, ...more: readonly string[]) {
  const place = ['--config', world.configPath]
  const path = await world.write('rows.jsonl', rows)
  const output = ['--output', join(world.folder, 'answers.jsonl')]
  const words = more.includes('--prompt') ? more : ['--prompt', '{{text}}', ...more]
  return { place, run: ['run', path, '--model', MODEL, '--no-canary', '--yes', ...words, ...place, ...output] }
}

async function answersIn(world: LocalWorld): Promise<readonly AnswerLine[]> {
  const text = await readFile(join(world.folder, 'answers.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as AnswerLine)
}

/** A batch of another user of the same workspace. */
async function createByOthers(world: LocalWorld, texts: readonly string[]): Promise<void> {
  const requests = texts.map((content, index) => ({
    custom_id: `theirs-${index}`,
    params: { model: 'claude-haiku-5-5', max_tokens: 9, messages: [{ role: 'user', content }] },
  }))
  const made = await fetch(`${world.server.anthropicUrl}/v1/messages/batches`, {
    method: 'POST',
    headers: { 'x-api-key': 'theirs', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ requests }),
  })
  expect(made.ok).toBe(true)
}

function ended(result: Ended, code: number): void {
  expect({ code: result.code, stderr: code === result.code ? '' : result.stderr }).toEqual({ code, stderr: '' })
}

describe('a run at anthropic', () => {
  it('has the same words for what becomes of rows as every other provider', async () => {
    const rows = [
      'fine',
      '[[simulate: refusal]]',
      '[[simulate: length]]',
      '[[simulate: status=400]]',
      '[[simulate: status=529 times=1]]',
      '[[simulate: expired times=1]]',
      '[[simulate: content_filter]]',
    ]
    const world = await openWorld({ waits: SHORT_WAITS })
    const lines = rows.map((text, index) => JSON.stringify({ id: `r${index}`, text: `${text} nonce:r${index}` }))
    const { run } = await commandsFor(world, lines.join('\n'))
    ended(await typeHere(world, ...run), 4)
    const answers = await answersIn(world)
    expect(answers.map(({ llm_status }) => llm_status)).toEqual([
      'succeeded',
      'refused',
      'truncated',
      'failed',
      'succeeded',
      'succeeded',
      'refused',
    ])
    expect(answers[0]).toMatchObject({ llm_finish_reason: 'stop', llm_prompt_tokens: expect.any(Number) })
    expect(await world.server.ledger()).toMatchObject({ rowsBilledAgain: 0 })
  })

  it('reads answers of a schema, and asks again for one that breaks it', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const rows = ['good', '[[simulate: wrong_schema times=1]]'].map((text, index) =>
      JSON.stringify({ id: `r${index}`, text: `${text} nonce:r${index}` }),
    )
    const { run } = await commandsFor(world, rows.join('\n'), '--field', 'label: bug|question', '--reask', '1')
    ended(await typeHere(world, ...run), 0)
    const answers = await answersIn(world)
    expect(answers.map(({ llm_output }) => llm_output)).toEqual([
      { label: expect.stringMatching(/bug|question/) },
      { label: expect.stringMatching(/bug|question/) },
    ])
  })

  it('refuses before anything is sent what the model or the provider has no equivalent for', async () => {
    const world = await openWorld()
    const plan = async (...more: readonly string[]): Promise<Ended> => {
      const { run } = await commandsFor(world, questions(1), ...more)
      return await typeHere(world, ...run)
    }
    const temperature = await plan('--temperature', '0.2')
    expect(temperature).toMatchObject({ code: 2, stderr: expect.stringContaining('another temperature than 1') })
    expect(await plan('--param', 'seed=7')).toMatchObject({ code: 2, stderr: expect.stringContaining('"seed"') })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, directCalls: 0 })
  })

  it('asks its first rows directly, and keeps their answers', async () => {
    const world = await openWorld({ config: { canary: { aboveRequests: 20, requests: 3 } } })
    const { run } = await commandsFor(world, questions(30))
    ended(await typeHere(world, ...run.filter((word) => word !== '--no-canary')), 0)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 3, rowsBilled: 27, rowsBilledAgain: 0 })
  })
})

describe('a create at anthropic whose answer is lost', () => {
  it('is taken for ours once the results show our ids, and nothing is bought twice', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['create:1=accept-then-reset'] })
    const { place, run } = await commandsFor(world, questions(5))
    expect(await typeHere(world, ...run, '--no-wait')).toMatchObject({ code: 75 })
    ended(await typeHere(world, 'resume', 'last', ...place), 0)
    expect(await answersIn(world)).toHaveLength(5)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 5, rowsBilledAgain: 0 })
  })

  it('is held where no such batch is listed, and sent again only when the user says so', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['create:1=reset'] })
    const { place, run } = await commandsFor(world, questions(5))
    const held = await typeHere(world, ...run)
    expect(held).toMatchObject({ code: 3, stderr: expect.stringContaining('anthropic keeps no mark') })
    expect(await typeHere(world, 'resume', 'last', ...place)).toMatchObject({ code: 3 })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, rowsBilled: 0 })
    ended(await typeHere(world, 'resume', 'last', ...place, '--on-unknown-create', 'resend'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 5, rowsBilledAgain: 0 })
  })

  it('is given up when the user says so where its batch has ended without a line that tells whose it is', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['create:1=accept-then-reset'] })
    const { place, run } = await commandsFor(world, GARBLED)
    const held = await typeHere(world, ...run)
    expect(held).toMatchObject({ code: 3, stderr: expect.stringContaining('which may be it, has ended') })
    expect(held.stderr).toContain('--on-unknown-create give-up')
    const [mute] = /msgbatch_\w+/.exec(held.stderr) ?? []
    const given = await typeHere(world, 'resume', 'last', ...place, '--on-unknown-create', 'give-up', '--json')
    ended(given, 4)
    expect(JSON.parse(given.stdout)).toMatchObject({
      run: { state: 'completed' },
      counts: { missing: 1 },
      incidents: [{ kind: 'given_up', remoteIds: [mute] }],
    })
    expect(await answersIn(world)).toMatchObject([{ llm_status: 'missing' }])
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 1, rowsBilledAgain: 0 })
  })

  it('is asked about once more where a like batch has come up and ended in silence since the user was told of none', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['create:1=reset'] })
    const { place, run } = await commandsFor(world, GARBLED)
    const resend = ['resume', 'last', ...place, '--on-unknown-create', 'resend']
    const told = await typeHere(world, ...run)
    expect(told).toMatchObject({ code: 3, stderr: expect.stringContaining('lists none of as many requests') })
    await createByOthers(world, ['[[simulate: garbled]] nonce:theirs'])
    await vi.waitFor(async () => expect(await world.server.ledger()).toMatchObject({ rowsBilled: 1 }), PATIENCE)
    expect(await typeHere(world, ...resend)).toMatchObject({ code: 3, stderr: expect.stringContaining('may be it') })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1 })
    ended(await typeHere(world, ...resend), 4)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2 })
  })

  it('holds the run where another batch of one request could not be told from it, instead of waiting for ever', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['create:1=reset'] })
    const { place, run } = await commandsFor(world, questions(2), '--max-requests', '1')
    expect(await typeHere(world, ...run)).toMatchObject({ code: 3 })
    const status = await typeHere(world, 'status', 'last', ...place)
    expect(status.stdout).toContain('another batch of 1 request was sent and is held')
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    ended(await typeHere(world, 'resume', 'last', ...place, '--on-unknown-create', 'resend'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 2, rowsBilledAgain: 0 })
  })

  it('is looked for in no other account than the one it was sent to', async () => {
    const keys = { mine: 'mine-0123456789', theirs: 'theirs-0123456789' }
    const accounts = { [keys.mine]: 'mine', [keys.theirs]: 'theirs' }
    const opened = await openWorld({ waits: SHORT_LIMITS, faults: ['create:1=delayed(20000)'], accounts })
    const keyed = (key: string): LocalWorld => ({
      ...opened,
      environment: { ...opened.environment, ANTHROPIC_API_KEY: key },
    })
    const { place, run } = await commandsFor(opened, questions(5))
    expect(await typeHere(keyed(keys.mine), ...run)).toMatchObject({ code: 3 })
    const other = await typeHere(keyed(keys.theirs), 'resume', 'last', ...place)
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('was started with another key') })
    const decided = ['--on-unknown-create', 'resend'] as const
    ended(await typeHere(keyed(keys.theirs), 'resume', 'last', ...place, ...decided), 0)
  })

  it('that arrives late is found all the same, and not bought beside', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['create:1=delayed(1000)'] })
    const { run } = await commandsFor(world, questions(5))
    ended(await typeHere(world, ...run), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 5, rowsBilledAgain: 0 })
  })

  it('is told from the batch of another user of the workspace that has as many requests', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['create:2=accept-then-reset'] })
    const { run } = await commandsFor(world, questions(5))
    await createByOthers(
      world,
      Array.from({ length: 5 }, (_, index) => `their ${index}`),
    )
    ended(await typeHere(world, ...run), 0)
    const answers = await answersIn(world)
    expect(answers[0]).toMatchObject({ id: 'q0', llm_status: 'succeeded' })
    const { batches, rowsBilledAgain } = await world.server.ledger()
    expect({ rowsBilledAgain, phases: batches.map(({ phase }) => phase) }).toEqual({
      rowsBilledAgain: 0,
      phases: ['completed', 'completed'],
    })
  })
})

describe('two processes at anthropic', () => {
  it('share the one queue of the account, and neither is refused for want of room', async () => {
    const config = { limits: { maxRequests: 40, queueRequests: 100 } }
    const world = await openWorld({ waits: SHORT_WAITS, queueRequests: 100, config })
    const runs = await Promise.all(
      ['one', 'other'].map(async (name) => {
        const rows = await world.write(`${name}.jsonl`, questions(120, name))
        const words = ['--model', MODEL, '--prompt', '{{text}}', '--yes', '--no-canary', '--config', world.configPath]
        return await type(world, 'run', rows, ...words, '--output', join(world.folder, `${name}-answers.jsonl`))
      }),
    )
    for (const run of runs) {
      ended(run, 0)
      expect(run.stderr).not.toContain('create_unknown')
    }
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 240, rowsBilledAgain: 0 })
  })
})

describe('a create at anthropic that is refused', () => {
  it('as too large is cut in two', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['create:1=status(413)'] })
    const { run } = await commandsFor(world, questions(6))
    ended(await typeHere(world, ...run), 0)
    const books = await world.server.ledger()
    expect(books).toMatchObject({ rowsBilled: 6, rowsBilledAgain: 0 })
    expect(books.batches.length).toBeGreaterThan(1)
  })

  it('for a limit to the money of the account holds the run, and makes no batch', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['create:1=status(402)'] })
    const { place, run } = await commandsFor(world, questions(3))
    expect(await typeHere(world, ...run)).toMatchObject({ code: 3 })
    ended(await typeHere(world, 'resume', 'last', ...place), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3, rowsBilledAgain: 0 })
  })

  it('for want of room among the requests of the account is sent again when there is room', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, queueRequests: 100, config: { limits: { maxRequests: 80 } } })
    const { run } = await commandsFor(world, questions(150))
    ended(await typeHere(world, ...run), 0)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 150, rowsBilledAgain: 0 })
  })
})
