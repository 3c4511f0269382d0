import type { ActiveFaults } from '../faults/injector.ts'
import type { Simulator } from '../simulator.ts'
import type { BatchRecord } from '../state/record.ts'
import type { Owner } from '../state/state.ts'
import type { BatchRunner } from './batch-runner.ts'

/** A client's request for a batch, checked. */
export interface BatchDraft {
  readonly owner: Owner
  readonly endpoint: string
  readonly model: string | null
  readonly inputFileIds: readonly string[]
  readonly isInline: boolean
  readonly metadata: Readonly<Record<string, string>> | null
  readonly windowMs: number
  readonly outputLifeSeconds: number | null
  /** How many requests there are, where the create tells. @default told by validation */
  readonly total?: number
}

/** Records a new batch and begins to work on it; twice where a gateway repeats the call. Gives the client's one. */
export async function createBatch(
  simulator: Simulator,
  runner: BatchRunner,
  draft: BatchDraft,
  faults: ActiveFaults,
): Promise<BatchRecord> {
  const batch = newBatch(simulator, draft, faults)
  await simulator.state.batches.put(batch)
  runner.start(batch.id)
  if (faults.has('repeat')) {
    const copy = { ...newBatch(simulator, draft, faults), isGatewayCopy: true }
    await simulator.state.batches.put(copy)
    runner.start(copy.id)
  }
  return batch
}

function newBatch(simulator: Simulator, draft: BatchDraft, faults: ActiveFaults): BatchRecord {
  const { state, clock, durations } = simulator
  const createdAtMs = clock.now()
  return {
    ...state.newId(draft.owner.dialect, 'batch'),
    ...draft.owner,
    createdAtMs,
    isDeleted: false,
    endpoint: draft.endpoint,
    model: draft.model,
    inputFileIds: [...draft.inputFileIds],
    isInline: draft.isInline,
    metadata: faults.has('metadata-dropped') ? null : draft.metadata && { ...draft.metadata },
    expiresAtMs: createdAtMs + (durations.expireAfterMs ?? draft.windowMs),
    outputLifeSeconds: draft.outputLifeSeconds,
    phase: 'validating',
    enteredAtMs: { validating: createdAtMs },
    total: draft.total ?? 0,
    succeeded: 0,
    failed: 0,
    queuedTokens: 0,
    inputTokens: 0,
    outputTokens: 0,
    problems: [],
    isExecuted: false,
    outputFileId: null,
    errorFileId: null,
    visibleAtMs: createdAtMs + faults.milliseconds('late'),
    isGatewayCopy: false,
    faults: simulator.faults.take('run').list.map(({ name, argument }) => ({ name, argument })),
  }
}
