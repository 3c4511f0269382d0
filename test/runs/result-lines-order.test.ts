import { readFile } from 'node:fs/promises'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RESULT_ROLES, type ResultRef } from '../../src/model/result-ref.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { answersPath } from '../support/fault-run.ts'
import { openWorld } from '../support/local-world.ts'
import { newRunIn, openPlace } from '../support/open-place.ts'

const ROWS = 12

/** What a provider makes of its result lines: their order, which come twice, and which lie in the other file. */
interface Arrangement {
  readonly order: readonly number[]
  readonly doubled: readonly boolean[]
  readonly inErrorFile: readonly boolean[]
  /** Bytes that come at once. */
  readonly pieceBytes: number
}

const flags = fc.array(fc.boolean(), { minLength: ROWS, maxLength: ROWS })

const arrangement: fc.Arbitrary<Arrangement> = fc.record({
  order: fc.shuffledSubarray(
    Array.from({ length: ROWS }, (_, index) => index),
    { minLength: ROWS, maxLength: ROWS },
  ),
  doubled: flags,
  inErrorFile: flags,
  pieceBytes: fc.integer({ min: 1, max: 5_000 }),
})

/** The adapter, but for the result files, whose lines are arranged anew. */
function arranging(provider: Provider, { doubled, inErrorFile, order, pieceBytes }: Arrangement): Provider {
  let source: ResultRef | undefined
  const texts = async (signal: AbortSignal): Promise<Readonly<Record<'output' | 'error', string>>> => {
    let text = ''
    for await (const piece of provider.read(source ?? { id: '', role: 'output' }, signal))
      text += Buffer.from(piece).toString('latin1')
    const lines = text.trimEnd().split('\n')
    const arranged = { output: '', error: '' }
    for (const index of order) {
      const file = inErrorFile[index] ? 'error' : 'output'
      arranged[file] += `${lines[index]}\n`.repeat(doubled[index] ? 2 : 1)
    }
    return arranged
  }
  return {
    ...provider,
    async get(id, signal) {
      const remote = await provider.get(id, signal)
      source = remote.results.find(({ role }) => role === 'output')
      if (!source) return remote
      return { ...remote, results: RESULT_ROLES.map((role) => ({ id: role, role })) }
    },
    file: async () => 'absent',
    async *read({ role }, signal) {
      const bytes = Buffer.from((await texts(signal))[role], 'latin1')
      for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
    },
  }
}

/** The answers file of the same rows where the provider arranges its lines so. */
async function answersFor(given: Arrangement | null): Promise<string> {
  const cleanings: (() => Promise<void>)[] = []
  const world = await openWorld({ onFinished: (clean) => cleanings.push(clean) })
  try {
    const place = await openPlace(world)
    const connect = async (name: string): Promise<Provider> => {
      const provider = await place.connect(name)
      return given ? arranging(provider, given) : provider
    }
    const workspace = { ...place, connect }
    const rows = Array.from(
      { length: ROWS },
      (_, index) => `{"id":${index},"text":"Question ${index} nonce:q-${index}"}\n`,
    )
    const { handle } = await newRunIn(world, workspace, 'openai', rows.join(''))
    const { report } = await handle.drive()
    handle.close()
    await workspace.close()
    expect(report.run.state).toBe('completed')
    return await readFile(answersPath(world), 'utf8')
  } finally {
    for (const clean of cleanings) await clean()
  }
}

describe('result lines', () => {
  it('in any order, doubled, and split over both files as they may be, give the same answers file', async () => {
    const expected = await answersFor(null)
    expect(expected.trimEnd().split('\n')).toHaveLength(ROWS)
    await fc.assert(
      fc.asyncProperty(arrangement, async (given) => {
        expect(await answersFor(given)).toBe(expected)
      }),
      { numRuns: 12 },
    )
  })
})
