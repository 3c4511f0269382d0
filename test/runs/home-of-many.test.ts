import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { peculiaritiesOf } from '../providers/host-rows.ts'
import { expectExit, parseLines, type, typeHere } from '../support/command.ts'
import { heldClock } from '../support/held-clock.ts'
import { RawClient, requestLine, serverForTest } from '../support/local-server.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

/** A run at each provider, of another number of rows. */
const RUNS = [
  { name: 'openai', model: 'openai/gpt-6-luna', rows: 3 },
  { name: 'anthropic', model: 'anthropic/claude-haiku-5-5', rows: 4 },
  { name: 'gemini', model: 'gemini/gemini-3.8-flash', rows: 5 },
  { name: 'groq', model: 'groq/llama-3.3-70b', rows: 6 },
] as const

const GROQ_KEY = 'gsk-test-0123456789'

/** A world in which a second server is Groq; at both, batches stand still until they are released. */
async function openManyWorld() {
  const { clock, release } = heldClock()
  const world = await openWorld({ clock })
  const groq = await serverForTest({ clock, peculiarities: peculiaritiesOf('groq') })
  const environment: Readonly<Record<string, string>> = {
    ...world.environment,
    GROQ_API_KEY: GROQ_KEY,
    GROQ_BASE_URL: `${groq.url}/v1`,
  }
  const finish = async (): Promise<void> => {
    release()
    await Promise.all([world.server.drain(), groq.drain()])
  }
  return { world: { ...world, environment }, groq, finish }
}

/** The answer of a command as JSON, whatever its exit code. */
async function shown<Value>(world: LocalWorld, ...words: readonly string[]): Promise<Value> {
  return JSON.parse((await typeHere(world, ...words, '--json')).stdout) as Value
}

interface Run {
  readonly name: string
  readonly provider: string
  readonly state: string
}

async function statesOf(world: LocalWorld): Promise<Readonly<Record<string, string>>> {
  const { runs } = await shown<{ readonly runs: readonly Run[] }>(world, 'runs')
  return Object.fromEntries(runs.map(({ name, provider, state }) => [name, `${provider} ${state}`]))
}

interface Remote {
  readonly providers: readonly { readonly provider: string; readonly batches: readonly { readonly id: string }[] }[]
}

/** The batches at each provider that no run of the home knows. */
async function unknownAt(world: LocalWorld): Promise<Readonly<Record<string, readonly string[]>>> {
  const { providers } = await shown<Remote>(world, 'remote')
  return Object.fromEntries(providers.map(({ batches, provider }) => [provider, batches.map(({ id }) => id)]))
}

it('one home carries runs at four providers to their end, a key that is missing stops its own run only, and nothing is bought twice', async () => {
  const { finish, groq, world } = await openManyWorld()
  for (const { model, name, rows } of RUNS) {
    const path = await world.write(`${name}.jsonl`, questions(rows, name))
    const place = ['--name', name, '--output', join(world.folder, `${name}-answers.jsonl`)]
    expectExit(await typeHere(world, 'run', path, '--model', model, '--prompt', '{{text}}', '--no-wait', ...place), 75)
  }
  expect(await statesOf(world)).toEqual({
    openai: 'openai paused',
    anthropic: 'anthropic paused',
    gemini: 'gemini paused',
    groq: 'groq paused',
  })

  const colleague = new RawClient(`${groq.url}/v1`, GROQ_KEY)
  const theirs = await colleague.create(await colleague.upload(requestLine('theirs', 'Not ours.')))
  const unknown = { openai: [], mistral: [], anthropic: [], gemini: [], groq: [theirs.id] }
  expect(await unknownAt(world)).toEqual(unknown)

  await finish()
  const { ['GEMINI_API_KEY']: _, ...withoutKey } = world.environment
  await vi.waitFor(async () => {
    const ticked = await type({ ...world, environment: withoutKey }, 'tick')
    expect(ticked.stderr).toMatch(/\(gemini\): error: there is no key for gemini: GEMINI_API_KEY is not set/)
    expect(await statesOf(world)).toEqual({
      openai: 'openai completed',
      anthropic: 'anthropic completed',
      gemini: 'gemini paused',
      groq: 'groq completed',
    })
  }, PATIENCE)
  await vi.waitFor(async () => expectExit(await typeHere(world, 'tick'), 0), PATIENCE)

  for (const { model, name, rows } of RUNS) {
    const [provider] = model.split('/')
    expect(await shown(world, 'status', name)).toMatchObject({
      run: { provider, model: model.slice(name.length + 1), state: 'completed', rows },
      counts: { succeeded: rows },
      batches: [{ stage: 'collected', requests: rows }],
    })
    const expected = Array.from({ length: rows }, (_row, index) => ({
      id: `${name}${index}`,
      llm_status: 'succeeded',
      llm_output: expect.stringContaining(`nonce:${name}-${index}`),
    }))
    expect(parseLines((await typeHere(world, 'results', name)).stdout)).toMatchObject(expected)
    expect(parseLines(await readFile(join(world.folder, `${name}-answers.jsonl`), 'utf8'))).toMatchObject(expected)
  }
  expect(await unknownAt(world)).toEqual(unknown)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 3, rowsBilled: 12, rowsBilledAgain: 0 })
  expect(await groq.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 7, rowsBilledAgain: 0 })
})
