import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'

const MODEL = ['--model', 'openai/gpt-6-luna', '--prompt', '{{text}}']

describe('llm-batch try', () => {
  it.each([
    ['openai', 'openai/gpt-6-luna'],
    ['mistral', 'mistral/mistral-small-latest'],
  ])('sends a few random rows directly to %s and shows answers, tokens and cost', async (_, model) => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(200))
    const words = ['try', 'rows.jsonl', '--model', model, '--prompt', '{{text}}', '--seed', '7']
    const { code, stderr, stdout } = await type(world, ...words)
    expectExit({ code, stderr }, 0)
    expect(stdout.match(/^Line \d+$/gm)).toHaveLength(5)
    expect(stdout).toMatch(/Prompt +user: Question \d+ about nothing\.[\s\S]*Answer +\[simulated\]/)
    expect(stdout).toMatch(
      /Answered +5 of 5 rows\n +Cost +\S+ at the synchronous price\n +In a batch +\S+\n +All 200 rows +about \S+ in batches[^\n]*\n +Seed +7/,
    )
    expect(await world.server.ledger()).toMatchObject({ directCalls: 5, batchesCreated: 0, rowsBilledAgain: 0 })
    expect((await typeHere(world, ...words)).stdout).toBe(stdout)
  })

  it('shows each answer as soon as it arrives, while the next one is still waited for', async () => {
    let letGo: () => void = () => undefined
    const isShown = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const world = await openWorld({
      answer: async (body) => {
        if (!JSON.stringify(body).includes('Question 0')) await isShown
        return 'An answer.'
      },
    })
    await world.write('rows.jsonl', questions(2))
    const command = start(world, ['try', 'rows.jsonl', ...MODEL, '--rows', '2'])
    const first = await command.shows('An answer.')
    const { directCalls } = await world.server.ledger()
    letGo()
    const { code, stderr, stdout } = await command.ended
    expectExit({ code, stderr }, 0)
    expect(first).toMatch(/^Line 1$/m)
    expect(first).not.toMatch(/^Line 2$/m)
    expect({ directCalls, after: (await world.server.ledger()).directCalls }).toEqual({ directCalls: 1, after: 2 })
    expect(stdout).toMatch(/^Line 1$[\s\S]*^Line 2$[\s\S]*2 of 2 rows/m)
  })

  it('gives the same as JSON, with the true cost at the synchronous price', async () => {
    const price = { inputUsdPerMillion: 1_000_000, outputUsdPerMillion: 0 }
    const world = await openWorld({ config: { prices: { 'openai/gpt-6-luna': price } } })
    await world.write('rows.jsonl', questions(20))
    const { code, stderr, stdout } = await type(world, 'try', 'rows.jsonl', ...MODEL, '--rows', '3', '--json')
    expectExit({ code, stderr }, 0)
    const { batchCostUsd, costUsd, rows } = JSON.parse(stdout)
    const { directCalls, inputTokens } = await world.server.ledger()
    expect({ rows: rows.length, directCalls, costUsd, batchCostUsd }).toEqual({
      rows: 3,
      directCalls: 3,
      costUsd: inputTokens,
      batchCostUsd: inputTokens / 2,
    })
  })

  it('leaves no run, so that the run after it buys every row and answers each once', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(5))
    expect(await typeHere(world, 'try', 'rows.jsonl', ...MODEL)).toMatchObject({ code: 0 })
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toEqual([])
    expect(await typeHere(world, 'run', 'rows.jsonl', ...MODEL, '-o', 'out.jsonl', '--quiet')).toMatchObject({
      code: 0,
    })
    expect(parseLines(await readFile(`${world.folder}/out.jsonl`, 'utf8'))).toHaveLength(5)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 5, rowsBilled: 5 })
  })

  it('tells plan how long answers of this model are', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(200))
    const plan = async () => (await typeHere(world, 'plan', 'rows.jsonl', ...MODEL)).stdout
    expect(await plan()).toContain('assumed, because this home has no answers of the model yet')
    expectExit(await typeHere(world, 'try', 'rows.jsonl', ...MODEL), 0)
    expect(await plan()).toContain('9 tokens each, as in earlier answers of this model here')
  })

  it('shows refusals and cut answers, and tells by its exit code that not every row was answered', async () => {
    const world = await openWorld()
    const prompts = ['[[simulate: refusal]]', '[[simulate: length]]', '[[simulate: status=400]]', 'fine']
    await world.write('rows.jsonl', prompts.map((text) => JSON.stringify({ text })).join('\n'))
    const { code, stderr, stdout } = await typeHere(world, 'try', 'rows.jsonl', ...MODEL)
    expectExit({ code, stderr }, 4)
    expect(stdout).toMatch(/refused.*[\s\S]*truncated, length[\s\S]*failed, invalid_value/)
    expect(stderr).toMatch(/3 rows of 4 came back without a usable answer[\s\S]*Next: /)
  })

  it('shows parameters that the model refuses before anything is bought', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(10))
    const words = [
      'try',
      'rows.jsonl',
      '--model',
      'openai/gpt-6.1-terra',
      '--prompt',
      '{{text}}',
      '--temperature',
      '0.1',
    ]
    const { code, stderr, stdout } = await typeHere(world, ...words)
    expectExit({ code, stderr }, 4)
    expect(stdout).toContain("Unsupported value: 'temperature'")
    expect(await world.server.ledger()).toMatchObject({ directCalls: 0, batchesCreated: 0 })
  })

  it('ends with the reason where the key is refused', async () => {
    const world = await openWorld({ acceptedKeys: ['sk-good-0123456789'] })
    await world.write('rows.jsonl', questions(3))
    const { code, stderr } = await typeHere(world, 'try', 'rows.jsonl', ...MODEL)
    expectExit({ code, stderr }, 3)
    expect(stderr).toMatch(/next: .*doctor/)
    expect(stderr).not.toContain(world.environment['OPENAI_API_KEY'])
  })
})
