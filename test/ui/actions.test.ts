import { EventEmitter } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { takeRun } from '../../src/prepare/start.ts'
import type { ActionDone, AdoptionDone, ApiError, RunDetail, RunList, Session } from '../../src/ui/contract.ts'
import { expectExit, parseLines, start, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { openPlace } from '../support/open-place.ts'
import { PATIENCE } from '../support/patience.ts'
import { openUi } from '../support/ui.ts'

const RUN = ['run', 'rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl', '--quiet']
/** Two dollars a token where it is not bought in batches. */
const PRICES = { prices: { 'openai/gpt-6-luna': { inputUsdPerMillion: 2e6, outputUsdPerMillion: 2e6 } } }
const CONFIRMED = { confirm: true }

/** Sends what the page would, and gives status and answer. */
type Post = (path: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<Posted>

interface Posted {
  readonly status: number
  readonly body: Partial<ActionDone & AdoptionDone & ApiError>
}

function postAt(url: string, token: string): Post {
  return async (path, body, headers = {}) => {
    const answer = await fetch(`${url}/api/runs/last/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', origin: url, ...headers },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as Posted['body'] }
  }
}

const actions = () => ({ emitter: new EventEmitter<never>(), onTrouble: vi.fn() })

async function stateOf(world: LocalWorld): Promise<string> {
  return JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs[0].state
}

/** What the provider says of the only batch. */
async function remoteStatusOf(world: LocalWorld): Promise<string> {
  await typeHere(world, 'tick', '--quiet')
  return JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout).batches[0].remoteStatus
}

/** Runs three batches until the second does not fit under the cap. */
async function holdAtCap(world: LocalWorld): Promise<void> {
  await world.write('rows.jsonl', questions(6))
  expectExit(await typeHere(world, ...RUN, '--max-tokens', '20', '--max-cost', '180', '--yes'), 3)
}

it('an action is refused without a wish for actions, a confirmation, or from elsewhere, and then nothing is done', async () => {
  const world = await openWorld({ durations: { runMs: 3_600_000 } })
  await world.write('rows.jsonl', questions(2))
  expectExit(await typeHere(world, ...RUN, '--no-wait'), 75)
  const reading = await openUi(world)
  expect(await postAt(reading.url, reading.token)('cancel', CONFIRMED)).toMatchObject({
    status: 403,
    body: { error: { code: 'not_allowed', next: 'Start its server with --allow-actions.' } },
  })
  const ui = await openUi(world, { actions: actions() })
  expect(await ui.get<Session>('/api/session')).toMatchObject({ areActionsAllowed: true })
  const post = postAt(ui.url, ui.token)
  const REFUSED: readonly (readonly [unknown, Readonly<Record<string, string>>, number, string])[] = [
    [CONFIRMED, { authorization: 'Bearer wrong' }, 401, 'unauthorized'],
    [CONFIRMED, { origin: 'http://evil.example' }, 403, 'foreign_origin'],
    [CONFIRMED, { 'content-type': 'text/plain' }, 415, 'usage'],
    [CONFIRMED, { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'usage'],
    [{}, {}, 400, 'usage'],
    [{ confirm: 'yes' }, {}, 400, 'usage'],
    [[CONFIRMED], {}, 400, 'usage'],
    [{ ...CONFIRMED, force: true }, {}, 400, 'usage'],
  ]
  for (const [body, headers, status, code] of REFUSED) {
    const answer = await post('cancel', body, headers)
    expect([body, answer.status, answer.body.error?.code]).toEqual([body, status, code])
  }
  expect((await post('cap', { ...CONFIRMED, maxCostUsd: -1 })).body.error?.message).toMatch(
    /^nothing was done: maxCost/,
  )
  expect((await post('adopt', { ...CONFIRMED, ids: 'all' })).body.error?.message).toMatch(/^nothing was done: ids/)
  expect(await stateOf(world)).toBe('paused')
  expect(await remoteStatusOf(world)).toBe('in_progress')
})

it('a cap is never set below what is spent; a higher one and a wish to resume have the run go on to its end', async () => {
  const world = await openWorld({ config: { ...PRICES, limits: { maxRequests: 2 } } })
  await holdAtCap(world)
  const ui = await openUi(world, { actions: actions() })
  const post = postAt(ui.url, ui.token)
  const before = await world.server.ledger()
  expect(before.batchesCreated).toBeLessThan(3)
  expect(await post('cap', { ...CONFIRMED, maxCostUsd: 0.5 })).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('spent or set aside') } },
  })
  // Held as before, in the words of the command.
  expect((await post('resume', CONFIRMED)).body.message).toMatch(/stays held: .*the cap of \$180\.00/)
  await vi.waitFor(async () => expect((await ui.get<RunDetail>('/api/runs/last')).isWorkedOn).toBe(false), PATIENCE)
  const raised = await post('cap', { ...CONFIRMED, maxCostUsd: 100_000 })
  expect(raised).toMatchObject({ status: 200, body: { run: { state: 'held', spent: { capUsd: 100_000 } } } })
  expect(raised.body.message).toMatch(/may cost \$100000 now\. It is still held; resume it/)
  expect((await world.server.ledger()).batchesCreated).toBe(before.batchesCreated)

  expect(await post('resume', CONFIRMED)).toMatchObject({ status: 200 })
  await vi.waitFor(async () => expect((await ui.get<RunDetail>('/api/runs/last')).state).toBe('completed'), PATIENCE)
  await vi.waitFor(async () => expect((await ui.get<RunDetail>('/api/runs/last')).isWorkedOn).toBe(false), PATIENCE)
  expect(parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8'))).toHaveLength(6)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 3, rowsBilled: 6, rowsBilledAgain: 0 })
  for (const action of ['resume', 'cancel']) {
    expect(await post(action, CONFIRMED)).toMatchObject({ status: 400, body: { error: { code: 'usage' } } })
  }
})

it('a run that another process works on is not taken from it: that process is asked to cancel, and nothing else is done', async () => {
  const world = await openWorld({ durations: { runMs: 3_600_000 } })
  await world.write('rows.jsonl', questions(2))
  expectExit(await typeHere(world, ...RUN, '--no-wait'), 75)
  const impatient = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 20, signal) }
  const ui = await openUi(world, { actions: actions(), parts: { clock: impatient } })
  const post = postAt(ui.url, ui.token)
  const other = await openPlace(world)
  const { id } = (await ui.get<RunList>('/api/runs')).runs[0] ?? { id: '' }
  const { lock } = await takeRun(other, id)
  for (const [action, body] of [
    ['resume', CONFIRMED],
    ['cap', { ...CONFIRMED, maxCostUsd: 5 }],
  ] as const) {
    expect(await post(action, body)).toMatchObject({
      status: 503,
      body: { error: { code: 'busy', message: `another process is working on run ${id}` } },
    })
  }
  expect((await post('cancel', CONFIRMED)).body.message).toBe(
    `The process that works on run ${id} was asked to cancel it.`,
  )
  lock.release()
  await other.close()
  // Nobody else is there: this server carries it out.
  expect((await post('cancel', CONFIRMED)).status).toBe(200)
  await vi.waitFor(async () => expect((await ui.get<RunDetail>('/api/runs/last')).state).toBe('cancelled'), PATIENCE)
  expect(await remoteStatusOf(world)).toBe('cancelled')
})

it('batches of a lost home are taken over, and a wish to resume collects them without buying again', async () => {
  const world = await openWorld({ config: { limits: { maxRequests: 3 } } })
  await world.write('rows.jsonl', questions(6))
  expectExit(await typeHere(world, ...RUN, '--no-wait'), 75)
  await rm(world.home, { recursive: true })
  expectExit(await typeHere(world, ...RUN), 2)
  const ui = await openUi(world, { actions: actions() })
  const post = postAt(ui.url, ui.token)
  // As the command has it: what is there already is not bought again.
  expect(await post('resume', CONFIRMED)).toMatchObject({ body: { error: { code: 'already_sent' } } })
  const adopted = await post('adopt', { ...CONFIRMED, ids: [] })
  expect(adopted.body).toMatchObject({ adopted: [{ batch: 1 }, { batch: 2 }], extra: [], doubt: null })
  expect(adopted.body.message).toMatch(/^Run \S+ has taken over \S+, \S+\. Resume it/)
  expect(await post('resume', CONFIRMED)).toMatchObject({ status: 200 })
  await vi.waitFor(async () => expect((await ui.get<RunDetail>('/api/runs/last')).state).toBe('completed'), PATIENCE)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 6, rowsBilledAgain: 0 })
})

it('a run that the page had go on stops with the command, which says how to go on, and nothing is cancelled', async () => {
  const world = await openWorld({ durations: { runMs: 3_600_000 } })
  await world.write('rows.jsonl', questions(2))
  expectExit(await typeHere(world, ...RUN, '--no-wait'), 75)
  const command = start(world, ['ui', '--port', '0', '--allow-actions'])
  const shown = new URL((await command.shows(/http\S+\n/)).match(/http\S+/)?.[0] ?? '')
  const post = postAt(shown.origin, shown.searchParams.get('token') ?? '')
  const { body } = await post('resume', CONFIRMED)
  expect(body.message).toMatch(/ goes on, worked on by this server until it is finished or the server is stopped\.$/)
  command.process.kill('SIGINT')
  const { code, stderr } = await command.ended
  expect(code).toBe(0)
  expect(stderr).toContain(
    `Run ${body.run?.id} stops here; nothing of it is cancelled. Go on with: llm-batch resume ${body.run?.id}`,
  )
  expect(await stateOf(world)).toBe('paused')
  expect(await remoteStatusOf(world)).toBe('in_progress')
})

it('a worker shows the page beside its work, and a run that is resumed there is left to it', async () => {
  const world = await openWorld({ config: { ...PRICES, limits: { maxRequests: 2 } } })
  await holdAtCap(world)
  expectExit(await typeHere(world, 'worker', '--allow-actions'), 2)
  const worker = start(world, ['worker', '--ui', '0', '--allow-actions', '--port', '0'])
  const shown = new URL((await worker.shows(/Page about the runs: http\S+\n/)).match(/http\S+/)?.[0] ?? '')
  const post = postAt(shown.origin, shown.searchParams.get('token') ?? '')
  expect((await post('cap', { ...CONFIRMED, maxCostUsd: 100_000 })).status).toBe(200)
  await worker.shows('Health and metrics')
  expect((await post('resume', CONFIRMED)).body.message).toMatch(/ is left to the workers of this home, /)
  await worker.shows(/is completed/)
  worker.process.kill('SIGTERM')
  expectExit(await worker.ended, 0)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 3, rowsBilled: 6, rowsBilledAgain: 0 })
})
