import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DrivenRun } from '../../src/index.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { systemDisk } from '../../src/lib/disk.ts'
import { openFolderStore } from '../../src/store/folder/folder-store.ts'
import type { AttemptRecord } from '../../src/store/port/attempt.ts'
import { expectExit, type, typedFirst, typeHere } from '../support/command.ts'
import {
  finalBooks,
  finish,
  MODELS,
  PROVIDERS,
  type ProviderName,
  readAnswers,
  readStatuses,
  reopenIn,
  SHORT_LIMITS,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { RawClient, requestLine } from '../support/local-server.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { newRunIn, openPlace } from '../support/open-place.ts'

const ROWS = 6
const ALL = Array.from({ length: ROWS }, () => 'succeeded')
const CUT = { limits: { maxRequests: 3 } }
const ENDLESS = { runMs: 3_600_000 }

/** The run line as a person types it, again and again. */
function lineFor(provider: ProviderName): readonly string[] {
  return ['run', 'rows.jsonl', '--model', MODELS[provider], '--prompt', '{{text}}', '-o', 'answers.jsonl']
}

/** The attempts of the only run of a home. */
async function attemptsIn(home: string): Promise<readonly AttemptRecord[]> {
  const store = await openFolderStore({ home, disk: systemDisk, clock: systemClock })
  try {
    const [run] = await store.listRuns()
    return run ? await store.read(run.id).allAttempts() : []
  } finally {
    await store.close()
  }
}

/** How the only run of a home stands. */
async function runStateIn(home: string): Promise<string | undefined> {
  const store = await openFolderStore({ home, disk: systemDisk, clock: systemClock })
  try {
    return (await store.listRuns())[0]?.state
  } finally {
    await store.close()
  }
}

/** Sends the work and leaves it at the provider. */
async function send(world: LocalWorld, provider: ProviderName, rows = questions(ROWS)): Promise<void> {
  const workspace = await openPlace(world)
  const { handle } = await newRunIn(world, workspace, provider, rows)
  await handle.drive({ until: 'submitted' })
  handle.close()
  await workspace.close()
}

/** Sends the work and loses the home that knows of it, as a stolen laptop does. */
async function sendAndLose(world: LocalWorld, provider: ProviderName): Promise<void> {
  await send(world, provider)
  await rm(world.home, { recursive: true })
}

async function remoteOf(world: LocalWorld, provider: ProviderName) {
  const { stdout } = await typeHere(world, 'remote', '--provider', provider, '--json')
  const { providers } = JSON.parse(stdout) as {
    readonly providers: readonly {
      readonly batches: readonly { id: string; isOurs: boolean; status: string; adoptableInto: object | null }[]
      readonly files: readonly { id: string; isOurs: boolean; inputOf: readonly string[] }[]
    }[]
  }
  return { batches: providers[0]?.batches ?? [], files: providers[0]?.files ?? [] }
}

/** What others keep in the same account. */
async function leaveForeign(world: LocalWorld): Promise<{ fileId: string; batchId: string }> {
  const client = new RawClient(world.server.openaiUrl, world.environment['OPENAI_API_KEY'])
  const lines = ['one', 'two'].map((id) => requestLine(id, `not ours: ${id}`))
  const fileId = await client.upload(`${lines.join('\n')}\n`, 'theirs.jsonl')
  return { fileId, batchId: (await client.create(fileId)).id }
}

describe('the content hashes of a run', () => {
  it.each(PROVIDERS)('are the same in every home for the same work and limits (%s)', async (provider) => {
    const world = await openWorld({ config: CUT })
    await world.write('rows.jsonl', questions(ROWS))
    const seen: (readonly string[])[] = []
    for (const home of ['one', 'two']) {
      const run = await startIn(world, provider, questions(ROWS), { home: join(world.folder, home) })
      await run.close()
      const attempts = await attemptsIn(join(world.folder, home))
      seen.push(attempts.map(({ contentHash }) => contentHash))
      expect(new Set(attempts.map(({ nonce }) => nonce)).size).toBe(2)
    }
    expect(seen[0]).toHaveLength(2)
    expect(seen[1]).toEqual(seen[0])
  })

  it.each([
    ['another prompt', { prompt: 'Say {{text}}' }],
    ['a parameter more', { maxTokens: 5 }],
    ['fewer rows', { limit: 2 }],
    ['another model', { model: 'openai/gpt-6.1-terra' }],
  ])('differ for %s', async (_, options) => {
    const world = await openWorld()
    const hashes = new Set<string | undefined>()
    for (const [home, more] of [['one', {}] as const, ['two', options] as const]) {
      const run = await startIn(world, 'openai', questions(3), { home: join(world.folder, home), ...more })
      await run.close()
      hashes.add((await attemptsIn(join(world.folder, home)))[0]?.contentHash)
    }
    expect(hashes.size).toBe(2)
  })
})

describe.each(PROVIDERS)('after the home folder was lost, at %s', (provider) => {
  const carryOut = typedFirst(PROVIDERS, provider)
  it('the same line sends nothing, says what is there, and taking that over brings every answer', async () => {
    const world = await openWorld({ config: CUT })
    await sendAndLose(world, provider)
    const typed = await carryOut(world, ...lineFor(provider))
    expectExit(typed, 2)
    expect(typed.stderr).toMatch(/already has this work, sent by a home that is not this one/)
    expect(typed.stderr).toMatch(/next: .*remote adopt \S+\. .*resume \S+ --again/)
    expect(await runStateIn(world.home)).toBe('ready')
    expect((await typeHere(world, 'remote')).stdout).toMatch(/the work of batch 2 of run/)

    const adopted = await carryOut(world, 'remote', 'adopt')
    expectExit(adopted, 0)
    expect(adopted.stderr.match(/is now/g)).toHaveLength(2)
    const again = await typeHere(world, ...lineFor(provider))
    expectExit(again, 0)
    expect(await readStatuses(world)).toEqual(ALL)
    for (const [row, { llm_output }] of (await readAnswers(world)).entries()) {
      expect(llm_output).toMatch(new RegExp(`nonce:q-${row}$`))
    }
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: ROWS, rowsBilledAgain: 0 })
    expect(await remoteOf(world, provider)).toEqual({ batches: [], files: [] })
  })

  it('with --again it is bought once more, by the run that was stopped and by no second one', async () => {
    const world = await openWorld()
    await sendAndLose(world, provider)
    expectExit(await typeHere(world, ...lineFor(provider)), 2)
    expectExit(await carryOut(world, ...lineFor(provider), '--again'), 0)
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toHaveLength(1)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilledAgain: ROWS })
  })

  it('what another batch of the run lacks is sent, and only that', async () => {
    const world = await openWorld({ config: CUT, faults: ['create:2=status(400)'] })
    await sendAndLose(world, provider)
    world.server.setFaults([])
    expectExit(await typeHere(world, ...lineFor(provider)), 2)
    expect((await carryOut(world, 'remote', 'adopt', 'last')).stderr).toMatch(/and sends 1 batch\)/)
    expectExit(await typeHere(world, 'resume'), 0)
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('an expired batch is harvested and its rest sent, unless the lost home has sent that too', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['run:1=expire(0.5)'] })
    const stop = new AbortController()
    const first = await startIn(world, provider, questions(ROWS))
    first.on('event', (event) => {
      if (event.type === 'batch' && event.batch === 2 && event.stage === 'submitted') stop.abort()
    })
    await first.finished({ signal: stop.signal })
    await first.close()
    await rm(world.home, { recursive: true })
    await expect(finish(await startIn(world, provider, questions(ROWS)))).rejects.toMatchObject({
      code: 'already_sent',
    })
    const [expired] = (await remoteOf(world, provider)).batches.filter(({ status }) => /expired|timeout/i.test(status))
    expectExit(await typeHere(world, 'remote', 'adopt', expired?.id ?? ''), 0)
    const held = await finish(await reopenIn(world))
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringMatching(/of the same work.*remote adopt/) })
    expectExit(await typeHere(world, 'remote', 'adopt', 'last'), 0)
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })
})

describe('the look before the first create', () => {
  it('costs one listing a run, beside the one that audits its creates', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['list=slow(1)'] })
    const run = await startIn(world, 'openai', questions(ROWS))
    expect(world.server.firedFaults()).toHaveLength(0)
    expect((await finish(run)).run.state).toBe('completed')
    expect(world.server.firedFaults()).toHaveLength(2)
  })

  it.each(['list:1-9=status(503)', 'list:1-3=repeat-page', 'list:1-3=empty-page'])(
    'waits where the listing proves nothing (%s)',
    async (fault) => {
      const world = await openWorld({ waits: SHORT_WAITS, faults: [fault] })
      const run = await startIn(world, 'openai', questions(ROWS))
      const doubts: string[] = []
      run.on('event', (event) => {
        if (event.type === 'warning' && event.code === 'listing_inconclusive') doubts.push(event.message)
      })
      expect((await finish(run)).run.state).toBe('completed')
      expect(doubts.length).toBe(3)
      expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
    },
  )

  it('says once that it waits, and then that the run is held', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['list=status(404)'] })
    await world.write('rows.jsonl', questions(2))
    const events = join(world.folder, 'events.jsonl')
    const { code, stderr } = await typeHere(world, ...lineFor('openai'), '--quiet', '--events', events)
    expectExit({ code, stderr }, 3)
    expect(stderr.split('cannot be seen')).toHaveLength(2)
    expect(stderr).toMatch(/^Run \S+ is held: /m)
    expect((await readFile(events, 'utf8')).split('"listing_inconclusive"').length).toBeGreaterThan(3)
  })

  it('comes back later where no process waits, with nothing sent', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['list=repeat-page'] })
    await world.write('rows.jsonl', questions(2))
    const { code, stderr } = await typeHere(world, ...lineFor('openai'), '--no-wait')
    expectExit({ code, stderr }, 75)
    expect(stderr).toMatch(/cannot be seen .*nothing is sent until it can/)
    expect(await runStateIn(world.home)).toBe('ready')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0 })
    expectExit(await typeHere(world, 'resume', '--again'), 0)
  })

  it('is broken off by a cancellation', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['list=repeat-page'] })
    const run = await startIn(world, 'openai', questions(2))
    const cancelled = new Promise<DrivenRun>((resolve, reject) => {
      run.on('event', (event) => {
        if (event.type === 'warning') run.cancel().then(resolve, reject)
      })
    })
    expect((await run.finished()).run.state).toBe('cancelled')
    await cancelled
    await run.close()
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0 })
  })

  it('holds the run where the key is refused', async () => {
    const world = await openWorld({ faults: ['list:1=status(401)'] })
    const { run } = await finish(await startIn(world, 'openai', questions(2)))
    expect(run.state).toBe('held')
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
  })

  it('holds the run where the provider refuses to list, with the way to send without looking', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['list=status(400)'] })
    await world.write('rows.jsonl', questions(2))
    const { code, stderr } = await typeHere(world, ...lineFor('openai'), '--no-wait')
    expectExit({ code, stderr }, 3)
    expect(stderr).toMatch(/refuses to list its batches .*resume \S+ --again/)
    expect(await runStateIn(world.home)).toBe('held')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0 })
    expectExit(await typeHere(world, 'resume', '--again'), 0)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
  })

  it('does not mind batches that were refused, nor those of others', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['run:1=refuse(invalid_request@1)'] })
    await sendAndLose(world, 'openai')
    await leaveForeign(world)
    await world.server.drain()
    world.server.setFaults([])
    expect((await finish(await startIn(world, 'openai', questions(ROWS)))).run.state).toBe('completed')
  })
})

describe('llm-batch remote', () => {
  it('shows what no run here knows, and whose it is', async () => {
    const world = await openWorld({ durations: ENDLESS })
    await sendAndLose(world, 'openai')
    const foreign = await leaveForeign(world)
    await send(world, 'openai', questions(2, 'known'))
    const { batches, files } = await remoteOf(world, 'openai')
    expect(batches.filter(({ isOurs }) => isOurs)).toHaveLength(1)
    expect(batches).toHaveLength(2)
    expect(files.filter(({ isOurs }) => isOurs)).toHaveLength(1)
    expect(files).toHaveLength(2)
    expect(files.find(({ id }) => id === foreign.fileId)).toMatchObject({ isOurs: false, inputOf: [foreign.batchId] })
    const { stdout } = await type(world, 'remote')
    expect(stdout).toMatch(/openai at \S+: 2 batches and 2 files that no run of this home knows/)
    expect(stdout).toMatch(/mistral at \S+: 0 batches and 0 files/)
    expect(stdout).toMatch(new RegExp(`${foreign.batchId} +foreign`))
  })

  it('says where a listing was not complete', async () => {
    const world = await openWorld({ faults: ['files=repeat-page'] })
    await leaveForeign(world)
    const { code, stderr } = await typeHere(world, 'remote', '--provider', 'openai')
    expectExit({ code, stderr }, 75)
    expect(stderr).toMatch(/openai did not list everything/)
  })

  it('cancels and deletes only what was named, and asks before', async () => {
    const world = await openWorld({ durations: ENDLESS })
    await sendAndLose(world, 'openai')
    const foreign = await leaveForeign(world)
    const place = ['--provider', 'openai']
    const unasked = await typeHere(world, 'remote', 'cancel', foreign.batchId, ...place)
    expectExit(unasked, 2)
    expect(unasked.stderr).toMatch(/no terminal to ask on[\s\S]*--yes/)
    const client = new RawClient(world.server.openaiUrl, world.environment['OPENAI_API_KEY'])
    expect(await client.batch(foreign.batchId)).toMatchObject({
      status: expect.stringMatching(/validating|in_progress/),
    })

    const ours = (await remoteOf(world, 'openai')).batches.find(({ isOurs }) => isOurs)?.id ?? ''
    const cancelled = await type(world, 'remote', 'cancel', ours, ...place, '--yes')
    expectExit(cancelled, 0)
    expect(cancelled.stderr).toMatch(/made by llm-batch, in another home[\s\S]*cancel/)
    await expect.poll(async () => (await client.batch(ours)).status).toBe('cancelled')
    expect((await client.batch(foreign.batchId)).status).not.toMatch(/cancel/)

    expectExit(await typeHere(world, 'remote', 'delete', foreign.fileId, ...place), 2)
    const deleted = await typeHere(world, 'remote', 'delete', foreign.fileId, ...place, '--yes')
    expectExit(deleted, 0)
    expect(deleted.stderr).toMatch(
      new RegExp(`foreign: not made by llm-batch; ${foreign.batchId}, which is \\w+, reads it`),
    )
    expect((await client.send('GET', `/files/${foreign.fileId}`)).status).toBe(404)
  })

  it('takes nothing from under a run that is here', async () => {
    const world = await openWorld({ durations: ENDLESS })
    await send(world, 'openai')
    const [attempt] = await attemptsIn(world.home)
    const place = ['--provider', 'openai', '--yes']
    const cancelled = await typeHere(world, 'remote', 'cancel', attempt?.remoteId ?? '', ...place)
    expectExit(cancelled, 2)
    expect(cancelled.stderr).toMatch(/belongs to run \S+; nothing was done\nnext: .*llm-batch cancel/)
    const deleted = await typeHere(world, 'remote', 'delete', attempt?.inputFileId ?? '', ...place)
    expectExit(deleted, 2)
    expect(await finalBooks(await stopped(world))).toMatchObject({ rowsBilledAgain: 0 })
  })

  const NOT_ADOPTED: readonly (readonly [
    what: string,
    make: (world: LocalWorld) => Promise<string>,
    message: RegExp,
  ])[] = [
    ['batch of others', async (world: LocalWorld) => (await leaveForeign(world)).batchId, /no mark of llm-batch/],
    ['batch of other work of ours', otherWork, /does not have the work of an unsent batch of run/],
    ['batch that is not there', async () => 'batch_nowhere', /./],
  ]

  it.each(NOT_ADOPTED)('adopts no %s', async (what, make, message) => {
    const carryOut = typedFirst(
      NOT_ADOPTED.map(([first]) => first),
      what,
    )
    const world = await openWorld()
    const id = await make(world)
    await (await startIn(world, 'openai', questions(3))).close()
    const { code, stderr } = await carryOut(world, 'remote', 'adopt', 'last', id)
    expect(code).not.toBe(0)
    expect(stderr).toMatch(message)
    expect((await attemptsIn(world.home)).map(({ stage }) => stage)).toEqual(['planned'])
  })

  it('adopts no batch that lies about its work', async () => {
    const world = await openWorld()
    await (await startIn(world, 'openai', questions(3))).close()
    const [attempt] = await attemptsIn(world.home)
    const client = new RawClient(world.server.openaiUrl, world.environment['OPENAI_API_KEY'])
    const forged = await client.json<{ id: string }>('POST', '/batches', {
      input_file_id: await client.upload(requestLine('b00000000000000', 'forged')),
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      metadata: { llm_batch_nonce: '0'.repeat(25), llm_batch_content: attempt?.contentHash },
    })
    const { code, stderr } = await type(world, 'remote', 'adopt', 'last', forged.id)
    expectExit({ code, stderr }, 2)
    expect(stderr).toMatch(/its input has \d+ bytes instead of/)
  })

  it('needs the name of the provider where an id alone does not tell it', async () => {
    const world = await openWorld()
    const { code, stderr } = await typeHere(world, 'remote', 'cancel', 'batch_x', '--yes')
    expectExit({ code, stderr }, 2)
    expect(stderr).toMatch(/Add --provider NAME/)
  })
})

/** A batch of an llm-batch that asks something else. */
async function otherWork(world: LocalWorld): Promise<string> {
  const home = join(world.folder, 'elsewhere')
  const elsewhere = { ...world, home, environment: { ...world.environment, LLM_BATCH_HOME: home } }
  await send(elsewhere, 'openai', questions(2, 'other'))
  return (await attemptsIn(home))[0]?.remoteId ?? ''
}

/** The world once its endless batches were cancelled by their run. */
async function stopped(world: LocalWorld): Promise<LocalWorld> {
  expectExit(await typeHere(world, 'cancel', 'last'), 0)
  return world
}
