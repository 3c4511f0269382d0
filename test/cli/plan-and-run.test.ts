import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { type Target, targetKey } from '../../src/model/target.ts'
import { expectExit, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { openPlace } from '../support/open-place.ts'

const CHAT = '/v1/chat/completions'

/** What goes to one target. */
interface Sums {
  readonly requests: number
  readonly directRequests: number
  readonly batches: number
  readonly bytes: number
  readonly tokens: number
}

/** The part of `plan --json` that is compared. */
interface PlanDocument {
  readonly rows: number
  readonly requests: number
  readonly targets: readonly (Sums & { readonly target: Target })[]
}

const NONE: Sums = { requests: 0, directRequests: 0, batches: 0, bytes: 0, tokens: 0 }

/** Provider-ready lines of two models: some ask the same, one cannot be sent, and some have other parameters. */
function lines(): string {
  const rows = Array.from({ length: 40 }, (_, row) => {
    const model = row % 3 === 0 ? 'gpt-6-luna' : 'gpt-6.1-terra'
    const content = `Question ${row % 31}, ${'word '.repeat(row)}nonce:p-${row % 31}`
    const body = { model, temperature: 0, messages: [{ role: 'user', content }], ...(row > 35 && { top_p: 0.5 }) }
    return { custom_id: `r${row}`, method: 'POST', url: CHAT, ...(row !== 7 && { body }) }
  })
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

/** What a run has frozen for each target, by its files and its store. */
async function frozenTargets(world: LocalWorld) {
  const workspace = await openPlace(world)
  try {
    const [record] = await workspace.store.listRuns()
    if (!record) throw new Error('there is no run')
    const folder = workspace.folderOf(record.id)
    const targets = new Map<string, Sums>()
    for (const attempt of await workspace.store.read(record.id).currentAttempts()) {
      const { inputBytes, inputName, inputSha256, kind, requestCount, target, tokens } = attempt
      const bytes = await readFile(folder.input(inputName))
      expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([inputBytes, inputSha256])
      const sums = targets.get(targetKey(target)) ?? NONE
      targets.set(targetKey(target), {
        requests: sums.requests + requestCount,
        directRequests: sums.directRequests + (kind === 'direct' ? requestCount : 0),
        batches: sums.batches + (kind === 'batch' ? 1 : 0),
        bytes: sums.bytes + inputBytes,
        tokens: sums.tokens + tokens,
      })
    }
    return { rows: record.rowCount, requests: record.requestCount, targets: Object.fromEntries(targets) }
  } finally {
    await workspace.close()
  }
}

it('plan shows the batches, requests, tokens and bytes that run freezes of the same input', async () => {
  const config = {
    tokenCount: true,
    providers: { openai: { limits: { maxRequests: 9 } } },
    canary: { aboveRequests: 5, requests: 2 },
  }
  const world = await openWorld({ config })
  await world.write('rows.jsonl', lines())
  const words = ['rows.jsonl', '--dedupe', '--skip-invalid', '--max-cost', '0.000001', '--json']
  const planned = await typeHere(world, 'plan', ...words)
  expectExit(planned, 0)
  const plan = JSON.parse(planned.stdout) as PlanDocument
  await typeHere(world, 'run', ...words, '-o', 'out.jsonl')
  const frozen = await frozenTargets(world)
  expect(frozen).toMatchObject({ requests: plan.requests, rows: plan.rows })
  expect(Object.keys(frozen.targets)).toHaveLength(2)
  for (const sums of plan.targets) expect(sums).toMatchObject(frozen.targets[targetKey(sums.target)] ?? {})
  expect(plan.targets).toHaveLength(2)
  expect(await world.server.ledger()).toMatchObject({ directCalls: 0 })
})
