import { describe, expect, it } from 'vitest'
import { expectExit, start, type, typeHere, watchHere } from '../support/command.ts'
import { finalBooks, MODELS, PROVIDERS } from '../support/fault-run.ts'
import { clockToHold } from '../support/held-clock.ts'
import { RawClient } from '../support/local-server.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

/** Said when everything was asked of the provider, and its batches need only end. */
const IS_WAITING = 'Waiting for the batch'

/** A world in which no batch begins while it is probed, so that deleting and cancelling meet one that has not begun. */
async function openSlowWorld(options: Parameters<typeof openWorld>[0] = {}) {
  const { clock, hold, release } = clockToHold()
  const world = await openWorld({ ...options, clock })
  const here: typeof type = (surroundings, ...words) => {
    hold()
    return watchHere(surroundings, IS_WAITING, release, ...words)
  }
  const typed: typeof type = async (surroundings, ...words) => {
    hold()
    const started = start(surroundings, words)
    await started.shows(IS_WAITING)
    release()
    return await started.ended
  }
  return { world, here, typed }
}

interface Evidence {
  readonly listedAfterMs: number | null
  readonly isSameKey: boolean
  readonly findings: Readonly<Record<string, { readonly verdict: string; readonly seen: string }>>
}

async function probe(carryOut: typeof type, world: LocalWorld, model: string, ...flags: readonly string[]) {
  const { code, stderr, stdout } = await carryOut(
    world,
    'doctor',
    '--live',
    '--model',
    model,
    '--yes',
    '--json',
    ...flags,
  )
  const evidence = stdout === '' ? undefined : (JSON.parse(stdout) as { readonly evidence: Evidence }).evidence
  return { code, stderr, stdout, evidence }
}

function verdicts(evidence: Evidence | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(evidence?.findings ?? {}).map(([name, { verdict }]) => [name, verdict]))
}

const ALL_HOLD = { deletedInput: 'holds', listing: 'holds', cancel: 'holds', deletedWhileQueued: 'holds' }

describe.each(PROVIDERS)('doctor --live at %s', (provider) => {
  it('finds that the assumptions hold, leaves nothing behind, and status tells of it', async () => {
    const { here, typed, world } = await openSlowWorld()
    await world.write('rows.jsonl', questions(1))
    const line = ['run', 'rows.jsonl', '--model', MODELS[provider], '--prompt', '{{text}}', '-o', 'answers.jsonl']
    expectExit(await typeHere(world, ...line, '--quiet'), 0)
    expect((await typeHere(world, 'status')).stdout).not.toContain('Live test')

    const { code, evidence, stderr } = await probe(provider === 'openai' ? typed : here, world, MODELS[provider])
    expectExit({ code, stderr }, 0)
    expect(stderr).toMatch(
      /up to 3 batches of one row each with \S+ at http:\S+: at most \$0\.\d+ \(\d+ input and 48 output/,
    )
    expect(verdicts(evidence)).toEqual(ALL_HOLD)
    expect(evidence?.findings['deletedInput']?.seen).toMatch(/the create was refused: /)
    expect(evidence?.findings['deletedWhileQueued']?.seen).toMatch(/its input was deleted; it ended as failed/i)
    expect(evidence?.listedAfterMs).toBeLessThan(60_000)
    // One batch of the run, one cancelled, one robbed of its input: the third was refused. Only the run's row was billed.
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 3, rowsBilled: 1 })

    expect((await type(world, 'status')).stdout).toMatch(/Live test +done on \d{4}-\d\d-\d\d: .*listed in time: holds/)
    const status = JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout)
    expect(status).toMatchObject({ evidence: { isSameKey: true, findings: evidence?.findings } })
    const remote = JSON.parse((await typeHere(world, 'remote', '--provider', provider, '--json')).stdout)
    expect(remote.providers[0].files).toEqual([])
  })
})

describe('doctor --live where no input can be deleted', () => {
  it('finds at anthropic that a batch is listed, cancelled and recognised, and says what does not apply', async () => {
    const { typed, world } = await openSlowWorld()
    const { code, evidence, stderr } = await probe(typed, world, 'anthropic/claude-haiku-4-5')
    expectExit({ code, stderr }, 0)
    expect(stderr).toMatch(
      /up to 2 batches of one row each with \S+ at http:\S+: at most \$0\.\d+ \(\d+ input and 32 output/,
    )
    expect(stderr).toContain('anthropic stores no input files, so that nothing is tested about deleting one.')
    expect(verdicts(evidence)).toEqual({ listing: 'holds', cancel: 'holds', recognition: 'holds' })
    // One was cancelled before it began.
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 1 })
  })

  it('makes one batch at openrouter, which cannot cancel', async () => {
    const world = await openWorld()
    const environment = {
      ...world.environment,
      OPENROUTER_API_KEY: 'router-key-0123456789',
      OPENROUTER_BASE_URL: `${world.server.url}/openrouter/api/v1`,
    }
    const { code, evidence, stderr } = await probe(typeHere, { ...world, environment }, 'openrouter/openai/gpt-6-luna')
    expectExit({ code, stderr }, 0)
    expect(verdicts(evidence)).toEqual({ listing: 'holds', cancel: 'unclear', recognition: 'holds' })
    expect(evidence?.findings['cancel']?.seen).toContain('OpenRouter cannot cancel a batch')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 1 })
  })

  it('makes one batch at xai, where no call that deletes a file is known', async () => {
    const { here, world } = await openSlowWorld()
    const environment = { ...world.environment, XAI_API_KEY: 'xai-key-0123456789', XAI_BASE_URL: world.server.xaiUrl }
    const { code, evidence, stderr } = await probe(here, { ...world, environment }, 'xai/grok-4')
    expectExit({ code, stderr }, 0)
    expect(stderr).toContain('This makes one batch of one row with xai/grok-4')
    expect(stderr).toContain('knows no way to delete an input file at xai')
    expect(stderr).not.toContain('Could not clean up')
    expect(verdicts(evidence)).toEqual({ listing: 'holds', cancel: 'holds' })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 0 })
  })

  it('says that a lost batch could not be recognised where the list counts otherwise', async () => {
    const world = await openWorld({ faults: ['list=counts-lie'] })
    const { evidence } = await probe(typeHere, world, 'anthropic/claude-haiku-4-5')
    expect(evidence?.findings['recognition']).toMatchObject({ verdict: 'broken' })
  })
})

describe('doctor --live', () => {
  it('measures how late a batch is listed, and says where that is later than the settle wait', async () => {
    const world = await openWorld({
      faults: ['list=lag(5000)'],
      waits: { settle: '2s', http: '2s', poll: '500ms', pollMost: '500ms' },
    })
    const { code, evidence, stderr } = await probe(type, world, MODELS.openai)
    expectExit({ code, stderr }, 3)
    expect(evidence?.listedAfterMs).toBeGreaterThan(2_000)
    expect(evidence?.findings['listing']).toMatchObject({
      verdict: 'broken',
      seen: expect.stringContaining('waits.settle is 2s'),
    })
    expect(stderr).toMatch(/cannot keep its promise of crash safety/)
  })

  it.each([
    ['a provider that keeps deleted files', ['delete=delete-ignored'], '60s', 'deletedInput', 'broken', /still there/],
    [
      'a cancellation that is not heard',
      ['cancel=cancel-ignored'],
      '60s',
      'cancel',
      'unclear',
      /too late: it ended as completed/,
    ],
    [
      'a batch that never ends',
      ['run=stuck(0)', 'cancel=cancel-ignored'],
      '1s',
      'cancel',
      'unclear',
      /still in_progress/,
    ],
  ] as const)('tells of %s', async (_, faults, within, question, verdict, seen) => {
    const world = await openWorld({ faults })
    const { evidence } = await probe(typeHere, world, MODELS.openai, '--within', within)
    expect(evidence?.findings[question]).toMatchObject({ verdict, seen: expect.stringMatching(seen) })
  })

  it('survives refusals in plain text, and says what they leave unclear', async () => {
    const { here, world } = await openSlowWorld({ faults: ['any=plain-errors'] })
    const { code, evidence, stderr } = await probe(here, world, MODELS.openai, '--within', '60s')
    expectExit({ code, stderr }, 0)
    expect(verdicts(evidence)).toMatchObject({ listing: 'holds', cancel: 'holds', deletedInput: 'unclear' })
    expect(evidence?.findings['deletedInput']?.seen).toMatch(/404: the request was refused/)
  })

  it('looks for a batch whose create was answered in plain text', async () => {
    const { here, world } = await openSlowWorld({ faults: ['create:3=plain-errors', 'create:1=accept-then-html(400)'] })
    const { code, evidence, stderr } = await probe(here, world, MODELS.openai, '--within', '60s')
    expectExit({ code, stderr }, 0)
    expect(verdicts(evidence)).toMatchObject({ listing: 'holds', cancel: 'holds', deletedInput: 'unclear' })
    expect(evidence?.findings['deletedInput']?.seen).toMatch(/not answered clearly, and no batch was listed/)
  })

  it('sends nothing without a yes', async () => {
    const world = await openWorld()
    const { code, stderr } = await type(world, 'doctor', '--live', '--model', MODELS.openai)
    expectExit({ code, stderr }, 2)
    expect(stderr).toMatch(/at most \$[\s\S]*no terminal to ask on[\s\S]*--yes/)
    const client = new RawClient(world.server.openaiUrl, world.environment['OPENAI_API_KEY'])
    expect(await client.json('GET', '/files')).toMatchObject({ data: [] })
  })

  it('says that a price is not known, and needs a model', async () => {
    const world = await openWorld()
    expect((await typeHere(world, 'doctor', '--live', '--model', 'openai/nobody-knows')).stderr).toMatch(
      /price is not known/,
    )
    const { code, stderr } = await type(world, 'doctor', '--live')
    expectExit({ code, stderr }, 2)
    expect(stderr).toMatch(/--live needs a model/)
  })

  it('keeps nothing where the provider could not be asked', async () => {
    const world = await openWorld({ faults: ['create=status(401)'] })
    const { code, evidence, stderr } = await probe(typeHere, world, MODELS.openai)
    expectExit({ code, stderr }, 3)
    expect(evidence).toBeUndefined()
    const client = new RawClient(world.server.openaiUrl, world.environment['OPENAI_API_KEY'])
    expect(await client.json('GET', '/files')).toMatchObject({ data: [] })
  })

  it('was not made for the key of another account', async () => {
    const { here, world } = await openSlowWorld()
    await world.write('rows.jsonl', questions(1))
    const line = ['run', 'rows.jsonl', '--model', MODELS.openai, '--prompt', '{{text}}', '-o', 'answers.jsonl']
    expectExit(await typeHere(world, ...line, '--quiet'), 0)
    expect((await probe(here, world, MODELS.openai)).code).toBe(0)
    const other = { ...world, environment: { ...world.environment, OPENAI_API_KEY: 'sk-other-0123456789' } }
    expect((await typeHere(other, 'status')).stdout).toMatch(/Live test +done on \S+, with another key: /)
    const { OPENAI_API_KEY: _, ...keyless } = world.environment
    expect((await typeHere({ ...world, environment: keyless }, 'status')).stdout).toMatch(/Live test +done on \d\S+: /)
  })
})
