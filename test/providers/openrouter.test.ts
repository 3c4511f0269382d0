import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openWebhooks, type Woken } from '../../src/webhooks.ts'
import { parseLines, type, typeHere } from '../support/command.ts'
import { SHORT_LIMITS } from '../support/fault-run.ts'
import { heldClock } from '../support/held-clock.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const MODEL = 'mistralai/mistral-small'

async function openRouter(options: Parameters<typeof openWorld>[0] = {}) {
  const world = await openWorld(options)
  const environment = {
    ...world.environment,
    OPENROUTER_API_KEY: 'router-key-0123456789',
    OPENROUTER_BASE_URL: `${world.server.url}/openrouter/api/v1`,
  }
  const rows = await world.write('rows.jsonl', questions(9))
  const output = join(world.folder, 'answers.jsonl')
  const place = ['--config', world.configPath]
  const asked = ['run', rows, '--model', `openrouter/${MODEL}`, '--prompt', '{{text}}', '--yes', '--output', output]
  return { world: { ...world, environment }, output, place, run: [...asked, ...place] }
}

describe('a run at openrouter', () => {
  it('sends its requests in the create and reads answers by pages', async () => {
    const { output, run, world } = await openRouter()
    expect(await type(world, ...run)).toMatchObject({ code: 0 })
    const answers = parseLines(await readFile(output, 'utf8'))
    expect(answers).toHaveLength(9)
    expect(answers[8]).toMatchObject({ id: 'q8', llm_status: 'succeeded' })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 9, rowsBilledAgain: 0 })
  })

  it('takes the batch of a lost create once its answers show that it is ours, and buys nothing twice', async () => {
    const { output, run, world } = await openRouter({ faults: ['create:1=accept-then-reset'] })
    expect(await typeHere(world, ...run)).toMatchObject({ code: 0 })
    expect(parseLines(await readFile(output, 'utf8'))).toHaveLength(9)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 9, rowsBilledAgain: 0 })
  })

  it('is held where a create is lost that made nothing, and sends it again only when the user says so', async () => {
    const { place, run, world } = await openRouter({ faults: ['create:1=reset'], waits: SHORT_LIMITS })
    expect(await typeHere(world, ...run)).toMatchObject({ code: 3, stderr: expect.stringContaining('keeps no mark') })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 0 })
    expect(await typeHere(world, 'resume', 'last', ...place, '--on-unknown-create', 'resend')).toMatchObject({
      code: 0,
    })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 9, rowsBilledAgain: 0 })
  })

  it('has OpenRouter call the address of OPENROUTER_CALLBACK_URL, whose webhook wakes the run', async () => {
    const secret = 'signing-secret-of-the-workspace'
    const { clock, release } = heldClock()
    const { run, world } = await openRouter({ clock, webhook: { url: '', secret } })
    const { environment, home } = world
    const woken: Woken[] = []
    const webhooks = await openWebhooks({
      home,
      environment: { ...environment, OPENROUTER_WEBHOOK_SECRET: secret },
      onWake: (one) => woken.push(one),
    })
    const server = createServer((request, response) => void webhooks.listen(request, response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      server.close()
      await webhooks.close()
    })
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const called = { ...world, environment: { ...environment, OPENROUTER_CALLBACK_URL: `${origin}/hook` } }
    expect(await typeHere(called, ...run, '--no-wait')).toMatchObject({ code: 75 })
    release()
    await vi.waitFor(() => expect(woken).toMatchObject([{ provider: 'openrouter' }]), PATIENCE)
    const refused = { ...world, environment: { ...environment, OPENROUTER_CALLBACK_URL: 'http://example.com/' } }
    expect(await typeHere(refused, 'resume', 'last')).toMatchObject({ code: 2 })
  })

  it('is refused before anything is sent where a picture lies in a request', async () => {
    const { place, world } = await openRouter()
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }]
    const rows = await world.write('pictures.jsonl', `${JSON.stringify({ id: 'p1', messages })}\n`)
    const refused = await typeHere(world, 'run', rows, '--model', `openrouter/${MODEL}`, '--yes', ...place)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('by public URL only') })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 0 })
  })
})
