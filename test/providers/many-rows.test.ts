// Runs of real length through every provider: 3,000 rows where an adapter, an endpoint or a peculiarity is met for the first
// time, 300 at hosts that bring nothing new; `MANY_ROWS=all` gives every provider 3,000.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PROVIDERS } from '../../src/providers/registry.ts'
import { parseLines, typedFirst } from '../support/command.ts'
import { SHORT_LIMITS } from '../support/fault-run.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PROVIDER_ROWS, type ProviderRow } from './provider-rows.ts'

const BATCHES = 3

const ROWS = PROVIDER_ROWS.map((row, index) => {
  const before = new Set(PROVIDER_ROWS.slice(0, index).flatMap(traitsOf))
  const isNew = traitsOf(row).some((trait) => !before.has(trait))
  return { ...row, rows: isNew || process.env['MANY_ROWS'] === 'all' ? 3_000 : 300 }
})

/** In what a run at this provider can differ from one at another. */
function traitsOf({ endpoint, peculiarities, root }: ProviderRow): readonly string[] {
  return [root, endpoint, ...peculiarities]
}

it.each(ROWS)('$rows rows go through $name, each bought once, though the answer to a create is lost', async (row) => {
  const { endpoint, model, name, peculiarities, root, rows } = row
  const config = { limits: { maxRequests: rows / BATCHES } }
  const world = await openWorld({ peculiarities, config, faults: ['create:2=accept-then-reset'], waits: SHORT_LIMITS })
  const { baseUrlVariable = '', keyVariable = '' } = PROVIDERS[name] ?? {}
  const keys = { [keyVariable]: 'some-key-0123456789', [baseUrlVariable]: world.server.url + root }
  const path = await world.write('rows.jsonl', questions(rows))
  const output = join(world.folder, 'answers.jsonl')
  const asked = ['run', path, '--model', `${name}/${model}`, '--prompt', '{{text}}', '--no-canary', '--yes']
  const kind = endpoint === '/v1/responses' ? ['--endpoint', 'responses'] : []
  const command = typedFirst(ROWS, row)
  const place = { ...world, environment: { ...world.environment, ...keys } }
  const ended = await command(place, ...asked, ...kind, '--output', output, '--config', world.configPath)
  expect({ ...ended, stdout: '', stderr: ended.code === 0 ? '' : ended.stderr }).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  })
  expect(world.server.firedFaults()).toHaveLength(1)
  const answers = parseLines(await readFile(output, 'utf8'))
  expect(answers.map(({ id, llm_status: status }) => `${String(id)} ${String(status)}`)).toEqual(
    Array.from({ length: rows }, (_, index) => `q${index} succeeded`),
  )
  const books = await world.server.ledger()
  expect(books).toMatchObject({ rowsBilled: rows, rowsBilledAgain: 0 })
  const sizes = books.batches.map((batch) => batch.rows)
  expect(sizes.length).toBeGreaterThanOrEqual(BATCHES)
  // Where a batch is recognised by its number of requests, no two have the same.
  const isCounted = name === 'anthropic' || name === 'openrouter'
  expect(isCounted ? new Set(sizes).size : sizes.length).toBe(sizes.length)
})
