import { describe, expect, it } from 'vitest'
import { assertRuntime } from './runtime.ts'

describe('the runtime', () => {
  it('is refused where it is Bun, with the runtimes that work', () => {
    expect(() => assertRuntime({ node: '24.3.0', bun: '1.4.5' })).toThrow(
      expect.objectContaining({
        code: 'configuration',
        message: 'llm-batch does not run with Bun (this is Bun 1.4.5); nothing was sent',
        next: expect.stringContaining('Node 20.19'),
      }),
    )
  })

  it.each([[{ node: '20.19.0' }], [{ node: '26.3.0', deno: '2.9.6' }]])('may be %j', (versions) => {
    expect(() => assertRuntime(versions)).not.toThrow()
  })

  it('of these tests is one of them', () => {
    expect(() => assertRuntime()).not.toThrow()
  })
})
