import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LocalServerOptions } from '../../src/server/options.ts'
import { judgeModels } from '../../src/workspace/judged-models.ts'
import { expectExit, type, typeHere } from '../support/command.ts'
import { jumpyClock } from '../support/jumpy-clock.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { openPlace } from '../support/open-place.ts'

const DAY_MS = 86_400_000
const MODEL = 'openai/gpt-6-luna'

/** An instant so many days from now, as lists write it. */
function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString()
}

function ending(days: number): LocalServerOptions['models'] {
  const endsAt = inDays(days)
  return { 'gpt-6-luna': { endsAt }, 'mistral-small-latest': { endsAt }, 'openai/gpt-6-luna': { endsAt } }
}

const UNBATCHED: LocalServerOptions['models'] = {
  'claude-haiku-5-5': { canBatch: false },
  'gemini-3.5-flash': { canBatch: false },
}

function asked(verb: string, model = MODEL): readonly string[] {
  const output = verb === 'run' ? ['-o', 'out.jsonl', '--yes'] : []
  return [verb, 'rows.jsonl', '--model', model, '--prompt', '{{text}}', ...output]
}

async function worldWith(models: LocalServerOptions['models'], waits: { http?: string } = {}): Promise<LocalWorld> {
  const world = await openWorld({ models, waits, faults: SEEN })
  await world.write('rows.jsonl', questions(3))
  const url = `${world.server.url}/openrouter/api/v1`
  return { ...world, environment: { ...world.environment, OPENROUTER_API_KEY: 'sk-or-1', OPENROUTER_BASE_URL: url } }
}

/** Changes nothing, but the server remembers these calls. */
const SEEN = ['upload=slow(0)', 'create=slow(0)', 'direct=slow(0)']

async function expectNothingSent({ server }: LocalWorld): Promise<void> {
  expect(await server.ledger()).toMatchObject({ batchesCreated: 0, rowsBilled: 0 })
  expect(server.firedFaults()).toEqual([])
}

describe('a model that ends before a batch that is sent now', () => {
  it('is refused by plan and run before anything is sent, and goes on by --force-model', async () => {
    const world = await worldWith(ending(0.5))
    const planned = await typeHere(world, ...asked('plan'))
    expectExit(planned, 2)
    expect(planned.stdout).toMatch(
      /! openai\/gpt-6-luna ends on [\d-]+, and a batch that is sent now may take 24 hours/,
    )
    expect(planned.stderr).toMatch(/run would refuse this model: .*--force-model/)
    const refused = await type(world, ...asked('run'))
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(/ends on .*; nothing was sent\nnext: Choose another model\..*add --force-model\./)
    await expectNothingSent(world)
    expect((await typeHere(world, 'runs')).stdout).not.toContain('out.jsonl')
    expectExit(await typeHere(world, ...asked('plan'), '--force-model'), 0)
    const forced = await typeHere(world, ...asked('run'), '--force-model')
    expectExit(forced, 0)
    expect(forced.stderr).toMatch(/gpt-6-luna ends on/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3 })
    const retried = await typeHere(world, 'retry', 'last')
    expectExit(retried, 2)
    expect(retried.stderr).toMatch(/nothing was sent\nnext: .*--force-model/)
  })

  it.each(['mistral/mistral-small-latest', 'openrouter/openai/gpt-6-luna'])('is refused at %s', async (model) => {
    const world = await worldWith(ending(0.5))
    const refused = await typeHere(world, ...asked('run', model))
    expectExit(refused, 2)
    expect(refused.stderr).toContain(`${model} ends on`)
    await expectNothingSent(world)
  })

  it('is refused by resume where nothing was sent yet, and not where something was', async () => {
    const world = await worldWith({})
    await writeFile(join(world.folder, 'job.yaml'), `input: rows.jsonl\nmodel: ${MODEL}\nprompt: "{{text}}"\n`)
    world.server.setFaults(['list=401'])
    expectExit(await typeHere(world, 'run', 'job.yaml', '-o', 'out.jsonl', '--yes'), 3)
    world.server.setFaults(SEEN)
    await tellEnd(world)
    const refused = await typeHere(world, 'resume')
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(/nothing was sent\nnext: .*--force-model/)
    await expectNothingSent(world)
    expectExit(await typeHere(world, 'resume', '--force-model', '--no-wait'), 75)
    expectExit(await typeHere(world, 'resume'), 0)
  })
})

/** Has the home believe that the model ends in an hour. */
async function tellEnd(world: LocalWorld): Promise<void> {
  const key = JSON.stringify([world.server.openaiUrl, JSON.stringify(['openai', '/v1/chat/completions', 'gpt-6-luna'])])
  const told = { [key]: { askedAt: Date.now() - 1_000, endsAt: Date.now() + 3_600_000, canBatch: null } }
  await writeFile(join(world.home, 'models.json'), JSON.stringify(told))
}

describe('a model that batches do not take', () => {
  it.each(['anthropic/claude-haiku-5-5', 'gemini/gemini-3.5-flash'])('is refused: %s', async (model) => {
    const world = await worldWith(UNBATCHED)
    const refused = await typeHere(world, ...asked('run', model))
    expectExit(refused, 2)
    expect(refused.stderr).toContain(`does not take ${model} in batches; nothing was sent`)
    await expectNothingSent(world)
    expectExit(await typeHere(world, ...asked('run', model), '--force-model'), 0)
  })

  it('is refused without a key where that is known of it', async () => {
    const world = await worldWith({})
    const planned = await typeHere(world, ...asked('plan', 'together/deepseek-ai/DeepSeek-V3.1'))
    expectExit(planned, 2)
    expect(planned.stdout).toContain('together does not take together/deepseek-ai/DeepSeek-V3.1 in batches')
  })
})

describe('a model that ends within thirty days', () => {
  it('is warned of by plan and run, which go on', async () => {
    const world = await worldWith(ending(13.5))
    const planned = await typeHere(world, ...asked('plan'), '--json')
    expectExit(planned, 0)
    expect(JSON.parse(planned.stdout)).toMatchObject({ models: [{ model: 'gpt-6-luna', fitness: 'ends_soon' }] })
    const done = await typeHere(world, ...asked('run'), '--quiet')
    expectExit(done, 0)
    expect(done.stderr).toMatch(/gpt-6-luna ends on [\d-]+, in 13 days/)
  })
})

describe('the list of models', () => {
  it.each(['models=500', 'models=hang', 'models=html-answer', 'models=other-object', 'models=half-json', 'models=404'])(
    'never stops a command: %s',
    async (fault) => {
      const world = await worldWith(ending(0.5), { http: '2s' })
      world.server.setFaults([fault])
      expectExit(await typeHere(world, ...asked('plan')), 0)
      expect(world.server.firedFaults()).toHaveLength(1)
    },
  )

  it.each([
    ['has no list', { data: 'gpt-6-luna' }, 2],
    ['has entries that are none', { data: [null, 7, 'gpt-6-luna', { id: 3 }] }, 1],
    ['tells no date', { data: [{ id: 'gpt-6-luna', shutdown_date: { soon: true } }] }, 1],
  ])('is passed over where it %s', async (_, body, expected) => {
    let asks = 0
    const server = createServer((_request, response) => {
      asks += 1
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    }).listen(0, '127.0.0.1')
    const world = await worldWith({})
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const environment = { ...world.environment, OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` }
    await typeHere(world, 'runs')
    const place = { ...world, environment }
    for (let count = 0; count < 2; count += 1) expectExit(await typeHere(place, ...asked('plan')), 0)
    server.close()
    expect(asks).toBe(expected)
  })

  it('is asked once a day', async () => {
    const world = await worldWith(ending(200))
    const clock = jumpyClock()
    const place = await openPlace(world, { clock })
    const target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6-luna' }
    const judge = async () => (await judgeModels(place, [target, target], null)).map(({ fitness }) => fitness)
    world.server.setFaults(['models=slow(0)'])
    const asks = () => world.server.firedFaults().length
    expect([await judge(), asks()]).toEqual([['fit'], 1])
    expect([await judge(), asks()]).toEqual([['fit'], 1])
    clock.jump(DAY_MS + 1)
    expect([await judge(), asks()]).toEqual([['fit'], 2])
    clock.jump(-3 * DAY_MS)
    expect([await judge(), asks()]).toEqual([['fit'], 3])
    await place.close()
  })

  it('is not asked without a key', async () => {
    const world = await worldWith(ending(0.5))
    world.server.setFaults(['models=slow(0)'])
    const { OPENAI_API_KEY: _, ...environment } = world.environment
    expectExit(await typeHere({ ...world, environment }, ...asked('plan')), 0)
    expect(world.server.firedFaults()).toHaveLength(0)
  })

  it('is asked anew where what was kept of it cannot be read', async () => {
    const world = await worldWith(ending(0.5))
    await typeHere(world, 'runs')
    await writeFile(join(world.home, 'models.json'), '{"torn')
    expect(await typeHere(world, ...asked('plan'))).toMatchObject({ code: 2 })
  })
})
