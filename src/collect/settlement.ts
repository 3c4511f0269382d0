import type { BatchPlan } from '../log/batch-plan.ts'
import type { Outcomes } from '../log/outcomes.ts'
import { RunLog } from '../log/run-log.ts'
import { tallyOf, usageOf } from '../log/tally-of.ts'
import { outcomesName, type ResultFile } from '../model/result-ref.ts'
import type { CancelCause } from '../model/run.ts'
import { billOf } from '../prices/bill.ts'
import { longContextTokens } from '../prices/price.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { BatchRecord, Settlement } from '../store/port/batch.ts'
import type { Bill } from '../store/port/money.ts'
import type { CollectPorts } from './ports.ts'

/** The requests of a batch in the order of its lines. */
export async function planOf(
  ports: Pick<CollectPorts, 'disk' | 'folder' | 'store'>,
  batchKey: number,
): Promise<BatchPlan> {
  return await new RunLog(ports).planOf(await ports.store.batch(batchKey))
}

/** Outcomes of the requests of a batch, and why the run was being cancelled meanwhile; null where it was not. */
export interface SettledOutcomes {
  readonly outcomes: Outcomes
  readonly plan: BatchPlan
  /** The raw result files that were read for them. */
  readonly resultFiles: readonly ResultFile[]
  /** How their names begin. */
  readonly stem: string
  readonly cancelledBy: CancelCause | null
}

/**
 * Forces the outcomes of a batch to disk, and tells all that the catalog must know of them and what they cost. They count
 * once the catalog names them; what a crash leaves before is written over.
 */
export async function settlementOf(
  ports: Pick<CollectPorts, 'disk' | 'folder' | 'priceOf' | 'store'>,
  attempt: AttemptRecord,
  { cancelledBy, outcomes, plan, resultFiles, stem }: SettledOutcomes,
  stage: 'collected' | 'rejected' | 'held',
): Promise<{ readonly settlement: Settlement; readonly bill: Bill }> {
  const { disk, folder, priceOf, store } = ports
  const longTokens = longContextTokens(attempt.target.provider)
  const name = outcomesName(stem, stage === 'held')
  const facts = await outcomes.write(disk, folder.outcomes(name))
  const record = { ...(await store.batch(attempt.batchKey)), stage }
  const log = new RunLog(ports)
  const tally = tallyOf(
    { record, plan, outcomes },
    await log.weights(),
    longTokens,
    await takenFrom(log, store, { plan, record }),
  )
  const usage = usageOf(outcomes, longTokens)
  return {
    settlement: { name, facts, resultFiles, cancelCause: cancelledBy, tally, usage },
    bill: billOf(usage, priceOf(attempt.target), attempt.kind),
  }
}

/** Requests that newer batches hold: of a batch that was held, some answers count before it is settled. */
async function takenFrom(
  log: RunLog,
  store: CollectPorts['store'],
  { plan, record }: { readonly plan: BatchPlan; readonly record: BatchRecord },
): Promise<ReadonlySet<number>> {
  const taken = new Set<number>()
  if (record.settled === null) return taken
  for (const newer of await store.batches()) {
    if (newer.number <= record.number) continue
    for (const ordinal of (await log.planOf(newer)).ordinals()) if (plan.indexOf(ordinal) >= 0) taken.add(ordinal)
  }
  return taken
}
