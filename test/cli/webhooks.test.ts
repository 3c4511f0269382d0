import { describe, expect, it, vi } from 'vitest'
import { expectExit, start, type } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const RUN = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

describe('llm-batch webhooks', () => {
  it('ends a run whose next look is days away, once the server tells that its batch has ended', async () => {
    const world = await openWorld({ waits: { poll: '72h', pollMost: '72h' } })
    const environment = { ...world.environment, OPENAI_WEBHOOK_SECRET: SECRET }
    const here = { folder: world.folder, environment }
    const webhooks = start(here, ['webhooks', '--port', '0'])
    const shown = await webhooks.shows('Taking webhooks of openai. Stop with Ctrl-C.')
    const [url = ''] = /http:\S+/.exec(shown) ?? []
    const server = start(here, ['serve', '--simulate', '--folder', 'told', '--run', '1s', '--webhook-url', url])
    const [, baseUrl = ''] = /OPENAI_BASE_URL=(\S+)/.exec(await server.shows('Stop with Ctrl-C')) ?? []
    await world.write('rows.jsonl', questions(2))
    const ended = await type({ ...here, environment: { ...environment, OPENAI_BASE_URL: baseUrl } }, ...RUN)
    expectExit(ended, 0)
    expect(await webhooks.shows('is looked at now')).toMatch(/openai: a batch of run \S+ is looked at now\./)
  })
})
