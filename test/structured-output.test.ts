import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, type } from './support/command.ts'
import { finalBooks, MODELS, PROVIDERS } from './support/fault-run.ts'
import { type LocalWorld, openWorld } from './support/local-world.ts'

const FIELDS = ['--field', 'label: billing|support', '--field', 'why?: string']

/** Rows whose prompts ask the simulator for these outcomes, each known again by a nonce. */
function wishes(...texts: readonly string[]): string {
  return texts
    .map((text, index) => `${JSON.stringify({ id: `r${index}`, text: `${text} support nonce:r-${index}` })}\n`)
    .join('')
}

async function answers(world: LocalWorld, name = 'out.jsonl') {
  return parseLines(await readFile(join(world.folder, name), 'utf8'))
}

describe.each(PROVIDERS)('answers by a schema at %s', (provider) => {
  const RUN = ['run', 'rows.jsonl', '--model', MODELS[provider], '--prompt', '{{text}}', '-o', 'out.jsonl', ...FIELDS]

  it('are values where they fit, and text with what is wrong where they do not', async () => {
    const world = await openWorld()
    await world.write(
      'rows.jsonl',
      wishes('', '[[simulate: fenced_json]]', '[[simulate: invalid_json]]', '[[simulate: refusal]]'),
    )
    const ended = await type(world, ...RUN)
    expectExit(ended, 4)
    expect(ended.stderr).toMatch(/Schema\s+answer; 1 answer read out of a code fence/)
    expect(ended.stderr).toMatch(/[12] invalid: invalid_json: the answer begins like JSON/)
    const rows = await answers(world)
    expect(rows[0]).toMatchObject({ llm_output: { label: 'support' }, llm_status: 'succeeded', llm_error: null })
    expect(rows[1]).toMatchObject({ llm_output: { label: 'support' }, llm_status: 'succeeded', llm_error: null })
    expect(rows[2]).toMatchObject({
      llm_output: '{"simulated": tru',
      llm_status: 'invalid',
      llm_error: expect.stringMatching(/^invalid_json: /),
      llm_completion_tokens: expect.any(Number),
    })
    expect(Object.keys(rows[0] ?? {})).not.toContain('llm_turns')
    expect(rows[3]?.['llm_status']).toBe(provider === 'openai' ? 'refused' : 'invalid')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 4 })
  })

  it('are asked for again where they do not fit, as often as was said, and no more', async () => {
    const world = await openWorld({
      config: { prices: { [MODELS[provider]]: { inputUsdPerMillion: 2e6, outputUsdPerMillion: 2e6 } } },
    })
    await world.write(
      'rows.jsonl',
      wishes(
        '',
        '[[simulate: invalid_json times=1]]',
        '[[simulate: invalid_json times=2]]',
        '[[simulate: invalid_json]]',
      ),
    )
    const ended = await type(world, ...RUN, '--reask', '2', '--yes', '--json')
    expectExit(ended, 4)
    const report = JSON.parse(ended.stdout)
    expect(report.counts).toMatchObject({ succeeded: 3, invalid: 1, pending: 0, batched: 0 })
    expect(report.checked).toEqual({ tolerated: {}, reasked: { rows: 3, requests: 5 } })
    const rows = await answers(world)
    expect(rows.map(({ llm_turns, llm_status, llm_attempt }) => [llm_turns, llm_status, llm_attempt])).toEqual([
      [1, 'succeeded', 1],
      [2, 'succeeded', 2],
      [3, 'succeeded', 3],
      [3, 'invalid', 3],
    ])
    expect(rows[1]?.['llm_earlier']).toEqual([
      {
        output: '{"simulated": tru',
        status: 'invalid',
        error: expect.stringMatching(/^invalid_json/),
        cost_usd: expect.any(Number),
      },
    ])
    expect(rows[3]?.['llm_output']).toBe('{"simulated": tru')
    const books = await finalBooks(world)
    expect(books).toMatchObject({ batchesCreated: 3, rowsBilled: 9 })
    const billed = books.inputTokens + books.outputTokens
    expect(report.costUsd).toBeCloseTo(billed, 6)
    const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0)
    expect(sum('llm_cost_usd')).toBeCloseTo(billed, 6)
    expect(sum('llm_prompt_tokens') + sum('llm_completion_tokens')).toBe(billed)
  })
})
