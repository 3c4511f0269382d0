import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, type, typeHere } from '../support/command.ts'
import { promptRows } from '../support/fault-run.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

/** A dollar a token in batches. */
const PRICE = { inputUsdPerMillion: 2_000_000, outputUsdPerMillion: 2_000_000 }

const CONFIG = {
  prices: { 'openai/gpt-6.1-terra': PRICE, 'mistral/mistral-small-latest': PRICE },
  budget: { askAboveUsd: 1_000_000 },
  canary: { aboveRequests: 20, requests: 5 },
}

/** More words than fit into so few tokens. */
const LONG = promptRows(Array.from({ length: 8 }, (_, row) => `Say ${'very much '.repeat(10)} about ${row}.`))

function run(model: string): readonly string[] {
  return ['run', 'rows.jsonl', '--model', model, '--prompt', '{{text}}', '-o', 'out.jsonl', '--yes', '--quiet']
}

async function statusesIn(world: LocalWorld): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { llm_status } of parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8'))) {
    counts[String(llm_status)] = (counts[String(llm_status)] ?? 0) + 1
  }
  return counts
}

describe('llm-batch retry --max-tokens', () => {
  it.each(['openai/gpt-6.1-terra', 'mistral/mistral-small-latest'])(
    'buys cut answers of %s again with room for all of them, the price shown first',
    async (model) => {
      const world = await openWorld({ config: { ...CONFIG, canary: false } })
      await world.write('rows.jsonl', LONG)
      expectExit(await typeHere(world, ...run(model), '--max-tokens', '3'), 4)
      expect(await statusesIn(world)).toEqual({ truncated: 8 })
      const before = await world.server.ledger()

      const retry = ['retry', 'last', '--status', 'truncated', '--max-tokens', '500']
      const unaccepted = await typeHere(world, ...retry)
      expectExit(unaccepted, 2)
      expect(unaccepted.stderr).toMatch(/8 rows .* would be bought again; they cost \$[\d.,]+ the last time/)
      // Each row may cost its input and 500 tokens of output.
      const most = before.inputTokens + 8 * 500
      expect(unaccepted.stderr.replaceAll(',', '')).toContain(
        `8 rows would be sent with answers of at most 500 tokens; they may cost $${most}.00`,
      )
      expect(await world.server.ledger()).toEqual(before)

      expectExit(await type(world, ...retry, '--yes', '--quiet'), 0)
      expect(await statusesIn(world)).toEqual({ succeeded: 8 })
      const after = await world.server.ledger()
      expect(after.rowsBilled - before.rowsBilled).toBe(8)
      expect(after.inputTokens - before.inputTokens).toBe(before.inputTokens)
    },
  )

  it('sets aside what the longer answers may cost', async () => {
    const world = await openWorld({ config: { ...CONFIG, canary: false } })
    await world.write('rows.jsonl', LONG)
    expectExit(await typeHere(world, ...run('openai/gpt-6.1-terra'), '--max-tokens', '3'), 4)
    const retry = ['retry', 'last', '--status', 'truncated', '--max-tokens', '500', '--yes']
    const held = await typeHere(world, ...retry, '--max-cost', '2000')
    expectExit(held, 3)
    expect(held.stderr).toMatch(/batch 2 may cost \$[45],\d{3}\.\d\d; of the cap of \$2,000\.00/)
    // What was held goes on with the limit that the retry has set, in every process that takes it up.
    expectExit(await typeHere(world, 'resume', 'last', '--max-cost', '100000', '--quiet'), 0)
    expect(await statusesIn(world)).toEqual({ succeeded: 8 })
  })

  it('asks a few rows directly first, and stops where the model refuses the new limit', async () => {
    const world = await openWorld({ config: CONFIG })
    await world.write('rows.jsonl', LONG)
    expectExit(await typeHere(world, ...run('openai/gpt-6.1-terra'), '--max-tokens', '3'), 4)
    const before = await world.server.ledger()
    const retry = ['retry', 'last', '--status', 'truncated', '--yes', '--max-tokens']
    world.server.setFaults(['direct=status(400)'])
    const held = await typeHere(world, ...retry, '900000')
    expectExit(held, 3)
    expect(held.stderr).toContain('a few of them are asked directly first')
    expect(held.stderr).toMatch(/5 of the 5 rows that were asked directly beforehand were refused/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: before.batchesCreated })

    world.server.setFaults([])
    expectExit(await typeHere(world, 'resume', 'last', '--quiet'), 0)
    const after = await world.server.ledger()
    expect(after).toMatchObject({ directCalls: 5, batchesCreated: before.batchesCreated + 1 })
    // Rows called directly are booked apart.
    expect(after.rowsBilled - before.rowsBilled).toBe(3)
  })

  it('is refused where answers have no limit of tokens', async () => {
    const world = await openWorld({ config: CONFIG })
    const body = JSON.stringify({ model: 'text-embedding-3-small', input: '[[simulate: status=400]] nonce:a' })
    await world.write('rows.jsonl', `{"custom_id":"a","url":"/v1/embeddings","body":${body}}\n`)
    expectExit(await typeHere(world, 'run', 'rows.jsonl', '-o', 'out.jsonl', '--quiet'), 4)
    const refused = await typeHere(world, 'retry', 'last', '--max-tokens', '5')
    expectExit(refused, 2)
    expect(refused.stderr).toContain('/v1/embeddings does not support a maximum of tokens')
  })
})

describe('a large retry', () => {
  it('asks a few rows directly first, as a large run does, unless it is told not to', async () => {
    const world = await openWorld({ config: { ...CONFIG, canary: { aboveRequests: 9, requests: 3 } } })
    const wishes = promptRows(Array.from({ length: 10 }, (_, row) => `[[simulate: status=400 times=1]] ${row}`))
    await world.write('rows.jsonl', wishes)
    expectExit(await typeHere(world, ...run('openai/gpt-6.1-terra'), '--no-canary', '--ignore-stop-loss'), 4)
    expect(await statusesIn(world)).toEqual({ failed: 10 })
    expectExit(await typeHere(world, 'retry', 'last'), 0)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 3, rowsBilled: 7, rowsBilledAgain: 0 })

    const other = await openWorld({ config: { ...CONFIG, canary: { aboveRequests: 9, requests: 3 } } })
    await other.write('rows.jsonl', wishes)
    expectExit(await typeHere(other, ...run('openai/gpt-6.1-terra'), '--no-canary', '--ignore-stop-loss'), 4)
    expectExit(await typeHere(other, 'retry', 'last', '--no-canary'), 0)
    expect(await other.server.ledger()).toMatchObject({ directCalls: 0, rowsBilled: 10, rowsBilledAgain: 0 })
  })
})

describe('what is offered next', () => {
  it('names the rows that this run has, with their price, and does something, until nothing is left', async () => {
    const world = await openWorld({ config: { ...CONFIG, canary: false } })
    const wishes = ['status=400 times=1', 'length times=1', 'empty times=1', 'missing times=1', 'invalid_json times=2']
    await world.write('rows.jsonl', promptRows(['Hello.', ...wishes.map((wish) => `[[simulate: ${wish}]]`)]))
    const field = ['--field', 'label: a|b', '--reask', '1']
    const first = await type(world, ...run('openai/gpt-6-luna').filter((word) => word !== '--quiet'), ...field)
    expectExit(first, 4)
    expect(nextIn(first.stderr)).toEqual([
      expect.stringMatching(/^retry \S+ {3}\(sends 1 failed row again; nothing was billed for them\)$/),
      expect.stringMatching(
        /^retry \S+ --status failed,truncated,invalid,missing --max-tokens N {3}\(buys 4 rows again: 1 failed, 1 truncated, 1 invalid, 1 missing; what they cost is not known\)$/,
      ),
    ])

    const plain = await typeHere(world, 'retry', 'last')
    expectExit(plain, 4)
    expect(plain.stderr).toMatch(/: sending 1 failed row again\./)
    expect(nextIn(plain.stderr)).toEqual([expect.stringMatching(/ --status failed,truncated,invalid,missing /)])
    const nothing = await typeHere(world, 'retry', 'last')
    expectExit(nothing, 4)
    expect(nothing.stderr).toMatch(
      /^Run \S+ has no rows that were not billed to send again; nothing was sent\. Next: llm-batch retry \S+ --status failed,truncated,invalid,missing /,
    )

    expectExit(await typeHere(world, 'retry', 'last', '--status', 'missing', '--yes', '--quiet'), 4)
    const known = JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout)
    expect(known.retryable.billed.map(({ status }: { status: string }) => status)).toEqual([
      'failed',
      'truncated',
      'invalid',
    ])
    // What was asked before the question that counts was paid, too.
    expect(known.retryable.billedUsd).toBeCloseTo(costOf(await answersIn(world), ['failed', 'truncated', 'invalid']), 6)
    const all = await typeHere(world, 'retry', 'last', '--status', 'failed,truncated,invalid', '--yes')
    expectExit(all, 0)
    expect(all.stderr).toMatch(/: sending 3 rows again: 1 failed, 1 truncated, 1 invalid\./)
    expect(nextIn(all.stderr)).toEqual([])
  })
})

/** The commands that a report offers, without the program's name. */
function nextIn(text: string): readonly string[] {
  const steps = text.slice(text.indexOf('\nNext: ') + 1)
  return text.includes('\nNext: ')
    ? [...steps.matchAll(/^(?:Next:| {5}) llm-batch (.*)$/gm)].map(([, step = '']) => step)
    : []
}

async function answersIn(world: LocalWorld): Promise<readonly Record<string, unknown>[]> {
  return parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8'))
}

function costOf(rows: readonly Record<string, unknown>[], statuses: readonly string[]): number {
  const chosen = rows.filter(({ llm_status }) => statuses.includes(String(llm_status)))
  return chosen.reduce((sum, { llm_cost_usd }) => sum + Number(llm_cost_usd), 0)
}
