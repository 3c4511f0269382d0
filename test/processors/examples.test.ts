// The examples are the guide's own scripts: each is run as it stands, against the local server.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openWorld } from '../support/local-world.ts'
import { jsonLines } from '../support/processor-world.ts'

const workingFolder = process.cwd()
const lines: string[] = []

beforeEach(() => {
  vi.resetModules()
  lines.length = 0
  vi.spyOn(console, 'log').mockImplementation((...values) => void lines.push(values.join(' ')))
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    lines.push(String(text).trimEnd())
    return true
  })
})

afterEach(() => {
  process.chdir(workingFolder)
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe.each([
  ['openai', () => import('../../examples/processors-openai.ts')],
  ['mistral', () => import('../../examples/processors-mistral.ts')],
] as const)('the step-by-step example of %s', (name, runExample) => {
  it('runs from the first step to the last', async () => {
    const world = await openWorld()
    for (const [variable, value] of Object.entries(world.environment)) vi.stubEnv(variable, value)
    vi.stubEnv('CHECK_INTERVAL', '0.0005')
    process.chdir(world.folder)
    await runExample()

    expect(lines).toContain('batch 1 ended as completed')
    expect(lines).toContain('batch 2 ended as completed')
    expect(await readdir(`${name}_batch_tasks`)).toEqual([`my_${name}_tasks.jsonl`])
    expect((await readdir(`${name}_batch_jobs`)).toSorted()).toEqual([
      expect.stringMatching(/_batch_job1\.jsonl$/),
      expect.stringMatching(/_batch_job2\.jsonl$/),
      expect.stringMatching(/_batch_job_\d{4}-\d\d-\d\d_[0-9a-z]{6}_1\.jsonl$/),
      expect.stringMatching(/_batch_job_\d{4}-\d\d-\d\d_[0-9a-z]{6}_2\.jsonl$/),
      `my_${name}_creates.jsonl`,
    ])
    const outputs = await readdir(`${name}_batch_outputs`)
    expect(outputs).toHaveLength(2)
    const answers = await Promise.all(outputs.map((file) => jsonLines(join(`${name}_batch_outputs`, file))))
    expect(answers.flat().map((answer) => answer['custom_id'])).toEqual(
      expect.arrayContaining(['ticket-1', 'ticket-2', 'ticket-3']),
    )
    expect(lines).toContain('2 files saved, 0 jobs skipped, 0 files failed')
    const ended = lines.filter((line) => /^_\d{4}-\d\d-\d\d_\w+ completed \S+$/.test(line))
    expect(ended).toHaveLength(2)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 5 })
  })
})
