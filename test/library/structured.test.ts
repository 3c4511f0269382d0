import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type as arktype } from 'arktype'
import * as valibot from 'valibot'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { openRun, type RowResult, type Run, startRun } from '../../src/index.ts'
import { expectExit, parseLines, type, typeHere } from '../support/command.ts'
import { finalBooks, SHORT_WAITS } from '../support/fault-run.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const ROWS = [
  { text: 'I was charged twice: billing nonce:a' },
  { text: '[[simulate: invalid_json times=1]] support nonce:b' },
]

interface Ticket {
  label: 'billing' | 'support'
  why?: string | undefined
}

const JSON_SCHEMA = {
  type: 'object',
  properties: { label: { type: 'string', enum: ['billing', 'support'] }, why: { type: 'string' } },
  required: ['label'],
}

const ZOD = z.object({ label: z.enum(['billing', 'support']), why: z.string().optional() })
const ARKTYPE = arktype({ label: "'billing'|'support'", 'why?': 'string' })
const VALIBOT = valibot.object({
  label: valibot.picklist(['billing', 'support']),
  why: valibot.optional(valibot.string()),
})

function place(world: LocalWorld) {
  return { model: 'openai/gpt-6-luna', prompt: '{{text}}', config: world.configPath, environment: world.environment }
}

type Common = ReturnType<typeof place> & { readonly input: typeof ROWS; readonly reask: number }

async function resultsOf<Row extends object, Output>(run: Run<Row, Output>): Promise<RowResult<Row, Output>[]> {
  const results: RowResult<Row, Output>[] = []
  for await (const result of run.results()) results.push(result)
  return results
}

describe('a run of the library with a schema', () => {
  const makers = {
    zod: (common: Common) => startRun({ ...common, schema: ZOD }),
    arktype: (common: Common) => startRun({ ...common, schema: ARKTYPE }),
    'valibot, with the JSON Schema beside it': (common: Common) =>
      startRun({ ...common, schema: VALIBOT, jsonSchema: JSON_SCHEMA }),
    'a JSON Schema': (common: Common) => startRun({ ...common, schema: JSON_SCHEMA }),
  } as const

  it.each(Object.keys(makers) as (keyof typeof makers)[])(
    'made with %s gives values, asks again, and tells what came before',
    async (name) => {
      const world = await openWorld({ waits: SHORT_WAITS })
      const run: Run<object, unknown> = await makers[name]({ ...place(world), input: ROWS, reask: 1 })
      expect((await run.finished()).counts).toMatchObject({ succeeded: 2 })
      const results = await resultsOf(run)
      await run.close()
      expect(results).toMatchObject([
        { status: 'succeeded', output: { label: 'billing' }, turns: 1, earlier: [], note: null },
        {
          status: 'succeeded',
          output: { label: 'support' },
          turns: 2,
          earlier: [{ status: 'invalid', output: '{"simulated": tru' }],
        },
      ])
      expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 3 })
    },
  )

  it('types its results by the schema', () => {
    const start = {
      zod: () => startRun({ input: ROWS, schema: ZOD }),
      arktype: () => startRun({ input: ROWS, schema: ARKTYPE }),
      valibot: () => startRun({ input: 'rows.jsonl', schema: VALIBOT, jsonSchema: JSON_SCHEMA }),
      json: () => startRun({ input: 'rows.jsonl', schema: JSON_SCHEMA }),
      none: () => startRun({ input: 'rows.jsonl' }),
      transformed: () =>
        startRun({ input: ROWS, schema: z.object({ day: z.string().transform((text) => new Date(text)) }) }),
      opened: () => openRun('last', { schema: ZOD }),
      openedPlain: () => openRun('last'),
    }
    type OutputOf<Name extends keyof typeof start> =
      Awaited<ReturnType<(typeof start)[Name]>> extends Run<infer _Row, infer Output> ? Output : never
    expectTypeOf<OutputOf<'zod'>>().toEqualTypeOf<Ticket>()
    expectTypeOf<OutputOf<'arktype'>>().toEqualTypeOf<{ label: 'billing' | 'support'; why?: string }>()
    expectTypeOf<OutputOf<'valibot'>>().toEqualTypeOf<Ticket>()
    expectTypeOf<OutputOf<'json'>>().toEqualTypeOf<unknown>()
    expectTypeOf<OutputOf<'none'>>().toEqualTypeOf<string>()
    expectTypeOf<OutputOf<'transformed'>>().toEqualTypeOf<{ day: Date }>()
    expectTypeOf<OutputOf<'opened'>>().toEqualTypeOf<Ticket>()
    expectTypeOf<OutputOf<'openedPlain'>>().toEqualTypeOf<string>()
    const look = (result: RowResult<(typeof ROWS)[number], Ticket>) => {
      if (result.status === 'succeeded') expectTypeOf(result.output).toEqualTypeOf<Ticket>()
      else expectTypeOf(result.output).toEqualTypeOf<string | null>()
      expectTypeOf(result.row).toEqualTypeOf<{ text: string }>()
    }
    expect(look).toBeTypeOf('function')
  })

  it('gives what a validator makes of an answer, and asks again for what it rejects', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    let rejections = 0
    const schema = z.object({
      label: z
        .enum(['billing', 'support'])
        .transform((label) => label.toUpperCase())
        .refine(() => {
          rejections += 1
          return rejections > 1
        }, 'is not good enough'),
    })
    const run = await startRun({ ...place(world), input: ROWS.slice(0, 1), reask: 1, schema })
    await run.finished()
    expect(await resultsOf(run)).toMatchObject([
      {
        output: { label: 'BILLING' },
        turns: 2,
        earlier: [{ status: 'invalid', error: 'schema_mismatch: label: is not good enough' }],
      },
    ])
    await run.close()
  })

  it('shows an answer as invalid that a validator rejects when it is read', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const run = await startRun({ ...place(world), input: ROWS.slice(0, 1), schema: ZOD })
    await run.finished()
    await run.close()
    const { config, environment } = place(world)
    const schema = ZOD.refine(() => false, 'never good enough')
    const strictly = await openRun('last', { config, environment, schema })
    expect(await resultsOf(strictly)).toMatchObject([
      { status: 'invalid', output: expect.stringContaining('"label":"billing"'), error: 'never good enough' },
    ])
    await strictly.close()
  })

  it('is resumed by the command, which checks and asks again by the JSON Schema', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const output = join(world.folder, 'out.jsonl')
    await (await startRun({ ...place(world), input: ROWS, schema: ZOD, reask: 1, output })).close()
    expectExit(await type(world, 'resume'), 0)
    const rows = parseLines(await readFile(output, 'utf8'))
    expect(rows.map(({ llm_output, llm_turns }) => [llm_output, llm_turns])).toMatchObject([
      [{ label: 'billing' }, 1],
      [{ label: 'support' }, 2],
    ])
  })

  it.each([
    ['a validator without a JSON Schema', { schema: VALIBOT }, /made with valibot/],
    ['asking again without a schema', { reask: 1 }, /needs a schema/],
    ['a number of times that is none', { schema: ZOD, reask: 1.5 }, /must be a whole number, not 1\.5/],
    ['a schema that strict answers cannot follow', { schema: z.array(z.string()) }, /# is not an object/],
    ['a schema that is none', { schema: { type: 'strnig' }, strict: false }, /the schema cannot be used/],
  ])('is refused for %s, before anything is kept', async (_what, options, message) => {
    const world = await openWorld()
    await expect(startRun({ ...place(world), input: ROWS, ...options })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    })
    expect((await typeHere(world, 'runs', '--json')).stdout).toContain('"runs": []')
  })
})
