import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { type Agent, type Answered, agentHere } from '../support/agents.ts'
import { typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const MODEL = 'openai/gpt-6.1-terra'
const WORK = { input: 'rows.jsonl', model: MODEL, prompt: '{{text}}', maxTokens: 50 }

async function worldWithRows(rows = 3): Promise<LocalWorld> {
  const world = await openWorld()
  await world.write('rows.jsonl', questions(rows))
  return world
}

/** Plans, and asks for a start until it is confirmed. */
async function startOf(agent: Agent, work: object = WORK): Promise<Answered> {
  const { token } = await agent.call('plan', work)
  const { confirmation } = await agent.call('start', { token })
  return await agent.call('start', { token, confirmation })
}

describe('the price of a plan', () => {
  it.each([false, true])(
    'is put to a person where the client can ask, and counts only with a yes (modern: %s)',
    async (isModern) => {
      const world = await worldWithRows()
      const refusing = await agentHere(world, { person: 'no', isModern })
      const { priceUsd, token } = await refusing.call('plan', WORK)
      const forged = { token, confirmation: 'yes-0123456789abcdef' }
      expect(await refusing.call('start', forged)).toMatchObject({ isError: true, code: 'usage' })
      expect(refusing.questions).toEqual([
        expect.stringMatching(/^Send 3 requests from .*rows\.jsonl with openai\/gpt-6\.1-terra as batches to http.*\?/),
      ])
      expect(refusing.questions[0]).toContain(`up to $${priceUsd}.`)
      const away = await agentHere(world, { person: 'away', isModern })
      expect(await away.call('start', { token })).toMatchObject({
        isError: true,
        message: expect.stringContaining('did not accept'),
      })
      expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })

      const agent = await agentHere(world, { person: 'yes', isModern })
      const started = await agent.call('start', { token })
      expect(started).toMatchObject({ isError: false, status: 'started', maxCostUsd: priceUsd })
      // The same token is the same run, and no second question.
      expect(await agent.call('start', { token })).toMatchObject({ run: started.run })
      expect(await agent.finished(started.run)).toMatchObject({ state: 'completed', counts: { succeeded: 3 } })
      expect(agent.questions).toHaveLength(1)
      expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3, rowsBilledAgain: 0 })
    },
  )

  it('is accepted by no agent alone, unless a person has set a limit, which is the sum of a day', async () => {
    const world = await worldWithRows()
    const alone = await agentHere(world)
    const { priceUsd, token } = await alone.call('plan', WORK)
    const asked = await alone.call('start', { token })
    expect(asked).toMatchObject({
      status: 'needs_confirmation',
      priceUsd,
      leftWithoutPersonUsd: 0,
      figures: { rows: 3 },
    })
    expect(await alone.call('start', { token, confirmation: asked.confirmation })).toMatchObject({
      isError: true,
      message: expect.stringMatching(/a person must accept .* nothing was sent/),
      next: expect.stringContaining('--accept-up-to'),
    })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })

    // Enough for one such run, not for two.
    const agent = await agentHere(world, { flags: { acceptUpTo: priceUsd * 1.5 } })
    const first = await startOf(agent)
    expect(first).toMatchObject({ status: 'started' })
    await agent.finished(first.run)
    const again = await agentHere(world, { flags: { acceptUpTo: priceUsd * 1.5 } })
    const other = { ...WORK, prompt: 'Other: {{text}}' }
    expect(await startOf(again, other)).toMatchObject({
      isError: true,
      message: expect.stringContaining('a person must'),
    })
    // A try is paid for, and counts; without a limit of tokens its price is not known.
    const { maxTokens: _, ...unlimited } = other
    const { token: open } = await again.call('plan', unlimited)
    expect(await again.call('try', { token: open, rows: 1 })).toMatchObject({
      status: 'needs_confirmation',
      priceUsd: null,
    })
    const { token: limited } = await again.call('plan', { ...other, maxTokens: 5 })
    const trial = await again.call('try', { token: limited, rows: 1 })
    const tried = await again.call('try', { token: limited, rows: 1, confirmation: trial.confirmation })
    expect(tried).toMatchObject({ status: 'tried', rows: [{ line: expect.any(Number) }] })
    const second = await again.call('try', { token: limited, rows: 1, confirmation: trial.confirmation })
    expect(second).toMatchObject({ status: 'needs_confirmation' })
    expect(second.leftWithoutPersonUsd).toBeLessThan(trial.leftWithoutPersonUsd)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3 })
  })

  it('is void with a changed input or a higher estimate, and so is a token that no plan has', async () => {
    const world = await worldWithRows()
    const agent = await agentHere(world, { person: 'yes' })
    const { token } = await agent.call('plan', WORK)
    await world.write('rows.jsonl', questions(4))
    expect(await agent.call('start', { token })).toMatchObject({
      isError: true,
      message: expect.stringContaining('the input is not what it was when it was planned'),
    })
    await world.write('rows.jsonl', questions(3))
    const dearer = { [MODEL]: { inputUsdPerMillion: 100, outputUsdPerMillion: 400 } }
    const before = JSON.parse(await readFile(world.configPath, 'utf8')) as object
    await writeFile(world.configPath, JSON.stringify({ ...before, prices: dearer }))
    expect(await agent.call('start', { token })).toMatchObject({
      isError: true,
      message: expect.stringMatching(/may cost \$.* by now, more than was accepted; nothing was sent/),
    })
    for (const foreign of ['plan-0123456789abcdef01234567', '../../etc/passwd']) {
      expect(await agent.call('start', { token: foreign })).toMatchObject({ isError: true, code: 'usage' })
    }
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    expect((await typeHere(world, 'runs')).stdout).toContain('There are no runs here yet')
  })

  it('is asked for again before a cap is raised, and before rows that were billed are bought again', async () => {
    const world = await openWorld()
    const rows = ['one nonce:a', '[[simulate: length]] nonce:b', '[[simulate: status=400]] nonce:c']
    await world.write('rows.jsonl', rows.map((text) => JSON.stringify({ text })).join('\n'))
    const agent = await agentHere(world, { person: 'yes' })
    const { token } = await agent.call('plan', { ...WORK, maxCostUsd: 0.000002 })
    const { run } = await agent.call('start', { token })
    expect(await agent.finished(run)).toMatchObject({ state: 'held', reason: expect.stringContaining('the cap') })
    // A held run stays held: it costs nothing to look whether it fits now.
    await agent.call('resume', { run })
    expect(await agent.finished(run)).toMatchObject({ state: 'held' })
    expect(agent.questions).toHaveLength(1)
    const before = JSON.parse(await readFile(world.configPath, 'utf8')) as object
    await writeFile(world.configPath, JSON.stringify({ ...before, budget: { maxCostUsd: 0.5 } }))
    expect(await agent.call('resume', { run, maxCostUsd: 1 })).toMatchObject({
      isError: true,
      message: expect.stringContaining('runs here may cost $0.5 at most, not $1'),
    })
    await writeFile(world.configPath, JSON.stringify(before))
    await agent.call('resume', { run, maxCostUsd: 1 })
    expect(agent.questions[1]).toMatch(/Raise the cap of run .* from \$0\.000002 to \$1\?.*up to \$0\.999998/)
    expect(await agent.finished(run)).toMatchObject({
      state: 'completed',
      counts: { succeeded: 1, truncated: 1, failed: 1 },
    })
    // What was not billed was accepted before.
    expect(await agent.call('retry', { run })).toMatchObject({ status: 'retrying', rowsAgain: 1 })
    await agent.finished(run)
    expect(agent.questions).toHaveLength(2)
    const alone = await agentHere(world)
    expect(await alone.call('retry', { run, statuses: ['truncated'] })).toMatchObject({
      status: 'needs_confirmation',
      figures: { billed: 1, rows: 1 },
    })
    expect(await agent.call('retry', { run, statuses: ['truncated'] })).toMatchObject({
      status: 'retrying',
      rowsAgain: 1,
    })
    expect(agent.questions[2]).toMatch(/^Send 1 rows of run .* again, of which 1 were billed/)
    await agent.finished(run)
    expect(await agent.call('retry', { run, statuses: ['missing'] })).toMatchObject({ status: 'nothing' })
  })

  it('leaves a run that was never sent to a person, and one that was removed unbought', async () => {
    const world = await worldWithRows()
    const agent = await agentHere(world, { person: 'yes', isDriving: false })
    const { token } = await agent.call('plan', WORK)
    const { run } = await agent.call('start', { token })
    // What was to drive it died at once; it is of an accepted plan.
    expect(await agent.call('status', { run })).toMatchObject({
      state: 'ready',
      next: expect.stringContaining('resume'),
    })
    const driving = await agentHere(world)
    expect(await driving.call('resume', { run })).toMatchObject({ status: 'resumed' })
    await driving.finished(run)
    await typeHere(world, 'runs', 'rm', run, '--yes')
    expect(await agent.call('start', { token })).toMatchObject({ isError: true, code: 'not_found' })

    await world.write('others.jsonl', questions(2, 'o'))
    await typeHere(
      world,
      'run',
      'others.jsonl',
      '--model',
      MODEL,
      '--prompt',
      '{{text}}',
      '-o',
      'out.jsonl',
      '--detach',
    )
    expect(await agent.call('resume', { run: 'last' })).toMatchObject({
      isError: true,
      message: expect.stringContaining('was sent yet'),
    })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
  })
})
