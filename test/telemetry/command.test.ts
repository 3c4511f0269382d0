import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it, vi } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const EXAMPLE = pathToFileURL(join(import.meta.dirname, '../../examples/traces-to-file.mjs')).href

const WITHOUT_PEERS = pathToFileURL(join(import.meta.dirname, '../support/without-peers.mjs')).href

interface WrittenSpan {
  readonly span: string
  readonly traceId: string
  readonly spanId: string
  readonly parent: string | null
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
}

it('a run that is killed and taken up again is one trace: its batches link both processes, and hold what the killed one did', async () => {
  const world = await openWorld({ durations: { runMs: 400 } })
  await world.write('rows.jsonl', questions(3))
  const tracedInto = (name: string) => {
    const environment = { NODE_OPTIONS: `--import=${EXAMPLE}`, TRACES: join(world.folder, name) }
    return { ...world, environment: { ...world.environment, ...environment } }
  }
  const spansIn = async (name: string): Promise<readonly WrittenSpan[]> =>
    parseLines(await readFile(join(world.folder, name), 'utf8').catch(() => ''))
      .filter(({ span }) => span !== undefined)
      .map((line) => line as unknown as WrittenSpan)
  const words = ['run', 'rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl']
  const killed = start(tracedInto('first.jsonl'), [...words, '--poll-interval', '1h'])
  await vi.waitFor(async () => {
    const { stdout } = await typeHere(world, 'status', '--json')
    expect(stdout).toContain('"submitted"')
  }, PATIENCE)
  killed.process.kill('SIGKILL')
  await killed.ended
  const first = await spansIn('first.jsonl')
  expect(first.map(({ span }) => span)).toEqual(['llm_batch.plan', 'llm_batch.run', 'llm_batch.take_up'])

  expectExit(await type(tracedInto('second.jsonl'), 'resume', 'last'), 0)
  const second = await spansIn('second.jsonl')
  const [root, takenUp] = [first[1], first[2]]
  expect(new Set([...first, ...second].map(({ traceId }) => traceId)).size).toBe(1)
  const batch = second.find(({ span }) => span === 'llm_batch.batch')
  const takenUpAgain = second.find(({ span }) => span === 'llm_batch.take_up')
  expect(batch?.parent).toBe(root?.spanId)
  expect(batch?.links.map(({ spanId }) => spanId)).toEqual([takenUp?.spanId, takenUpAgain?.spanId])
  expect(takenUpAgain?.links.map(({ spanId }) => spanId)).toEqual([takenUp?.spanId])
  const stages = second.filter(({ parent }) => parent === batch?.spanId).map(({ span }) => span)
  expect(stages).toEqual(['upload', 'create', 'wait', 'collect'].map((stage) => `llm_batch.${stage}`))
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3 })
})

it('a run goes on untraced, and says so, where OpenTelemetry is set up and its API is not beside llm-batch', async () => {
  const world = await openWorld()
  await world.write('rows.jsonl', questions(1))
  const setUp = `data:text/javascript,globalThis[Symbol.for('opentelemetry.js.api.1')]={trace:{}}`
  const environment = { ...world.environment, NODE_OPTIONS: `--import=${WITHOUT_PEERS} --import=${setUp}` }
  const words = ['run', 'rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl']
  const ended = await type({ ...world, environment }, ...words)
  expectExit(ended, 0)
  expect(ended.stderr).toContain(
    'warning: OpenTelemetry is set up in this process, but @opentelemetry/api is not installed',
  )
})
