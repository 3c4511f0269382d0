import { Entry } from '../../log/log-batch.ts'
import { stateOf } from '../../log/present.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { OutcomeStatus } from '../../model/outcome.ts'
import type { BatchRecord } from '../../store/port/batch.ts'
import type { StandingGroup } from '../../workspace/standing.ts'
import type { Cause } from '../contract.ts'
import type { OpenedRun } from './opened-runs.ts'

/** Causes that are told, and those of them of which an example is looked for: each may take reading a file of outcomes. */
const MOST_CAUSES = 50
const MOST_EXAMPLES = 20

/** Examples that are kept of a run. */
const MOST_KEPT = 1_000

/** Rows of one cause, and a batch that has some of them. */
interface Counted {
  readonly status: OutcomeStatus
  readonly code: string | null
  reason: string | null
  rows: number
  most: number
  batch: BatchRecord
}

/** Why rows did not succeed, the most frequent cause first, with a row for example. */
export async function causesOf(
  opened: OpenedRun,
  standing: readonly StandingGroup[],
): Promise<{ readonly causes: readonly Cause[]; readonly otherCauseRows: number }> {
  const counted = countedCauses(standing)
  const causes: Cause[] = []
  for (const [index, cause] of counted.slice(0, MOST_CAUSES).entries()) {
    const { code, reason, rows, status } = cause
    const example = index < MOST_EXAMPLES ? await exampleOf(opened, cause) : null
    causes.push({ status, code, reason, rows, example })
  }
  return { causes, otherCauseRows: counted.slice(MOST_CAUSES).reduce((sum, { rows }) => sum + rows, 0) }
}

function countedCauses(standing: readonly StandingGroup[]): readonly Counted[] {
  const found = new Map<string, Counted>()
  for (const { batch, group } of standing) {
    const { code, reason, rows, state, status } = group
    if (state === 'succeeded' || state === 'pending' || state === 'batched' || rows === 0) continue
    const key = JSON.stringify([state, code])
    const told = status === null || state === status ? reason : `asked again without an answer: ${reason}`
    const earlier = found.get(key)
    if (!earlier) found.set(key, { status: state, code, reason: told, rows, most: rows, batch })
    else {
      earlier.rows += rows
      earlier.reason ??= told
      if (rows > earlier.most) Object.assign(earlier, { most: rows, batch })
    }
  }
  return [...found.values()].sort((one, other) => other.rows - one.rows || (one.status < other.status ? -1 : 1))
}

/** The first row of that batch with that cause; kept, because what a collected batch says changes no more. */
async function exampleOf({ examples, rows }: OpenedRun, cause: Counted): Promise<Cause['example']> {
  const { batch, code, status } = cause
  const key = JSON.stringify([batch.key, batch.stage, batch.settled?.facts.sha256, status, code])
  const kept = examples.get(key)
  if (kept !== undefined) return kept
  const example = await lookForExample(rows, cause)
  if (examples.size >= MOST_KEPT) examples.clear()
  examples.set(key, example)
  return example
}

/** Null also where a file that tells it is damaged: what the catalog tells of the run is shown all the same. */
async function lookForExample(rows: OpenedRun['rows'], { batch, code, status }: Counted): Promise<Cause['example']> {
  try {
    const read = await rows.log.read(batch)
    for (let index = 0; index < read.plan.length; index += 1) {
      const entry = new Entry(read, index)
      const isOne = stateOf(entry) === status && (entry.result?.code ?? null) === code
      if (isOne) return await rowOfRequest(rows, entry.ordinal)
    }
  } catch (error) {
    if (!LlmBatchError.isInstance(error) || error.code !== 'disk') throw error
  }
  return null
}

async function rowOfRequest(rows: OpenedRun['rows'], ordinal: number): Promise<Cause['example']> {
  const frozen = await rows.frozen()
  const { row, rowEnd } = frozen.block(frozen.blockOfRequest(ordinal))
  const found = (await frozen.read(row, rowEnd, false)).find(({ request }) => request === ordinal)
  return found ? { row: found.row, id: found.id ?? String(found.line) } : null
}
