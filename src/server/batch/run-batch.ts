import { refusalFault } from '../faults/run-faults.ts'
import type { Simulator } from '../simulator.ts'
import { type BatchRecord, isFinal, type Phase, type ValidationProblem } from '../state/record.ts'
import type { BatchSignals } from './batch-signals.ts'
import { executeRows } from './execute.ts'
import { queueRefusal } from './queue.ts'
import { ResultFiles } from './result-files.ts'
import { validate } from './validate.ts'

/**
 * Takes one batch through its phases until it is final or the server closes. Everything it needs to know is in the
 * record, so that it may begin in any phase, after a restart too.
 */
export async function runBatch(simulator: Simulator, id: string, signals: BatchSignals): Promise<void> {
  for (;;) {
    const batch = simulator.state.batches.get(id)
    if (!batch || isFinal(batch.phase) || signals.close.aborted) return
    await step(simulator, batch, signals)
  }
}

async function step(simulator: Simulator, batch: BatchRecord, signals: BatchSignals): Promise<void> {
  const { durations } = simulator
  switch (batch.phase) {
    case 'validating':
      if (await until(simulator, batch, batch.createdAtMs + durations.validateMs, signals.halt)) {
        await admit(simulator, batch)
      }
      return
    case 'running':
      return await run(simulator, batch, signals)
    case 'finalizing':
      if (await until(simulator, batch, since(batch, 'finalizing') + durations.finalizeMs, signals.halt)) {
        await enter(simulator, batch, 'completed')
      }
      return
    case 'cancelling':
      return await endCancelled(simulator, batch, signals)
    case 'completed':
    case 'failed':
    case 'expired':
    case 'cancelled':
      throw new Error(`batch ${batch.id} is ${batch.phase} and has no next step`)
  }
}

/** Validation: the whole input is read and either admitted or refused. */
async function admit(simulator: Simulator, batch: BatchRecord): Promise<void> {
  if (simulator.clock.now() >= batch.expiresAtMs) return await enter(simulator, batch, 'expired')
  const found = await simulator.validations(() => validate(simulator, batch))
  const forced = refusalFault(batch, found)
  const problems = forced ? [forced] : found.problems
  if (problems.length > 0) return await refuse(simulator, batch, problems)
  const full = queueRefusal(simulator, batch, found)
  if (full) return await refuse(simulator, batch, [full])
  const { total, model, queuedTokens } = found
  await enter(simulator, batch, 'running', { total, model, queuedTokens })
}

async function refuse(simulator: Simulator, batch: BatchRecord, problems: readonly ValidationProblem[]): Promise<void> {
  await enter(simulator, batch, 'failed', { problems: [...problems] })
}

/** Executes all rows, or those whose turn comes before the batch expires or is cancelled. */
async function run(simulator: Simulator, batch: BatchRecord, signals: BatchSignals): Promise<void> {
  const files = await ResultFiles.open(simulator.state, batch)
  try {
    await runInto(files, simulator, batch, signals)
  } catch (error) {
    await files.abandon()
    throw error
  }
}

async function runInto(
  files: ResultFiles,
  simulator: Simulator,
  batch: BatchRecord,
  signals: BatchSignals,
): Promise<void> {
  const { halt, ...counts } = await executeRows(simulator, batch, signals, files)
  if (halt === 'closed') return await files.abandon()
  const keepsEmpty =
    batch.faults.some((fault) => fault.name === 'zero-byte-files') ||
    (batch.dialect === 'openai' && simulator.host.are.has('empty-error-file'))
  const made = await files.finish(simulator.clock.now(), keepsEmpty)
  const changes = { ...counts, ...made, isExecuted: true }
  const current = simulator.state.batches.get(batch.id)
  if (halt === 'expired') await enter(simulator, batch, 'expired', changes)
  else if (current?.phase === 'cancelling') await simulator.state.batches.put({ ...current, ...changes })
  else await enter(simulator, batch, 'finalizing', changes)
  await simulator.executor.forget?.(simulator, batch.id)
}

async function endCancelled(simulator: Simulator, batch: BatchRecord, signals: BatchSignals): Promise<void> {
  const { running, cancelling } = batch.enteredAtMs
  // The server stopped between the cancel call and the result files: execute again, up to the same row.
  if (running !== undefined && !batch.isExecuted) {
    return await run(simulator, batch, { ...signals, halt: signals.close })
  }
  const end = (cancelling ?? batch.createdAtMs) + simulator.durations.cancelMs
  if (await until(simulator, batch, end, signals.close)) await enter(simulator, batch, 'cancelled')
}

/** Waits for an instant; true when it came, false when the server closes or the batch left its phase meanwhile. */
async function until(simulator: Simulator, batch: BatchRecord, instant: number, signal: AbortSignal): Promise<boolean> {
  const { clock, state } = simulator
  while (clock.now() < instant && !signal.aborted) await clock.sleep(instant - clock.now(), signal)
  return !signal.aborted && state.batches.get(batch.id)?.phase === batch.phase
}

/** Moves the batch on, keeping what others changed in it meanwhile. A batch that was just cancelled stays so. */
async function enter(
  simulator: Simulator,
  batch: BatchRecord,
  phase: Phase,
  changes: Partial<BatchRecord> = {},
): Promise<void> {
  const current = simulator.state.batches.get(batch.id) ?? batch
  if (current.phase !== batch.phase && phase !== 'expired') return
  const enteredAtMs = { ...current.enteredAtMs, [phase]: simulator.clock.now() }
  await simulator.state.batches.put({ ...current, ...changes, phase, enteredAtMs })
}

function since(batch: BatchRecord, phase: Phase): number {
  return batch.enteredAtMs[phase] ?? batch.createdAtMs
}
