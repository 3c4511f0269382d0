import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemDisk } from '../../lib/disk.ts'
import { wireId, wirePrefix } from '../../model/ids.ts'
import { bodyOf, frozenLine } from '../frozen-line.ts'
import { lineAt } from './line-at.ts'

const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

it('finds the line of every request of a batch, and none that it does not hold', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-line-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'input.jsonl')
  const prefix = wirePrefix('0abcdefgh'.padEnd(25, '0'))
  // Every third request, some with long bodies.
  const ordinals = Array.from({ length: 150 }, (_, at) => 7 + at * 3)
  const body = (ordinal: number): string =>
    JSON.stringify({ ordinal, text: 'ü'.repeat(ordinal % 40 === 0 ? 40_000 : 5) })
  const lines = ordinals.map((ordinal) =>
    frozenLine({ wireId: wireId(prefix, ordinal), target: TARGET, body: body(ordinal) }),
  )
  await writeFile(path, `${lines.join('\n')}\n`)
  for (const ordinal of ordinals) {
    const line = await lineAt(systemDisk, path, ordinal)
    expect(line && bodyOf(line)).toBe(body(ordinal))
  }
  for (const absent of [0, 8, 9, 453, 455, 5_000]) expect(await lineAt(systemDisk, path, absent)).toBeUndefined()
  expect(await lineAt(systemDisk, join(folder, 'none.jsonl'), 7)).toBeUndefined()
})
