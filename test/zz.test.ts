import { expectTypeOf, it } from 'vitest'
import { startRun } from '../src/index.ts'

it.skip('x', async () => {
  const a = await startRun({ input: 'x.csv', model: 'openai/x', endpoint: 'embeddings', textColumn: 'b' })
  for await (const r of a.results()) expectTypeOf(r.output).toEqualTypeOf<number[] | null>()
  const b = await startRun({
    input: [{ id: 1, body: 'x' }],
    model: 'openai/x',
    endpoint: 'embeddings',
    textColumn: 'body',
  })
  for await (const r of b.results()) {
    expectTypeOf(r.output).toEqualTypeOf<number[] | null>()
    expectTypeOf(r.row.id).toEqualTypeOf<number>()
  }
  const c = await startRun({
    input: [{ id: 1, body: ['x'] }],
    model: 'openai/x',
    endpoint: 'embeddings',
    textColumn: 'body',
  })
  for await (const r of c.results()) expectTypeOf(r.output).toEqualTypeOf<number[][] | null>()
  const d = await startRun({ input: [{ id: 1, body: ['x'] }], model: 'openai/x', prompt: (row) => row.body[0] ?? '' })
  for await (const r of d.results()) expectTypeOf(r.output).toEqualTypeOf<string | null>()
  const e = await startRun({ input: 'x.csv', model: 'openai/x', prompt: 'x' })
  for await (const r of e.results()) expectTypeOf(r.output).toEqualTypeOf<string | null>()
  const f = await startRun({ input: 'x.csv', model: 'openai/x', prompt: 'x', endpoint: '/v1/chat/moderations' })
  for await (const r of f.results()) expectTypeOf(r.output).toEqualTypeOf<Readonly<Record<string, unknown>> | null>()
})
