import { crc32 } from 'node:zlib'
import { splitLines } from '../lib/jsonl.ts'
import type { BatchPlan } from '../log/batch-plan.ts'
import { assertNamed, namedResult } from '../log/named-file.ts'
import { Outcomes } from '../log/outcomes.ts'
import type { RepairOutcomes } from '../log/run-log.ts'
import { isAskedDirectly } from '../model/batch.ts'
import { LlmBatchError } from '../model/error.ts'
import { isHeldName, stemOf } from '../model/result-ref.ts'
import { type AnswerCheck, createAnswerCheck } from '../schema/check-answer.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { BatchRecord, SettledBatch } from '../store/port/batch.ts'
import { outcomesOfCalls, readAnswers } from './collect-direct.ts'
import { judgeAnswer } from './judge-answer.ts'
import type { CollectPorts } from './ports.ts'
import { carriedResult } from './request-result.ts'
import { Settling } from './settle.ts'

/** Ports by which the outcomes of a batch are made again. */
type RebuildPorts = Pick<CollectPorts, 'checkAnswer' | 'disk' | 'folder' | 'provider' | 'settings' | 'store'>

/**
 * Makes outcomes of batches again whose file is damaged or absent: they are a function of the plan of the batch and its raw
 * result files, so what comes out must be the very file that the catalog names. May be repeated. Throws `disk` where it is
 * not, because then a raw file is damaged too.
 */
export function repairing(ports: RebuildPorts): RepairOutcomes {
  return async (batch, plan) => {
    const { settled } = batch
    if (settled === null) throw new Error(`batch ${batch.number} has no outcomes to be made again`)
    const path = ports.folder.outcomes(settled.name)
    let outcomes: Outcomes | undefined
    try {
      outcomes = await rebuild(ports, batch, settled, plan)
    } catch (error) {
      throw lost(path, batch, error)
    }
    const facts = await outcomes?.write(ports.disk, path)
    if (outcomes && facts?.sha256 === settled.facts.sha256) return outcomes
    throw lost(path, batch)
  }
}

function lost(path: string, { number, requestCount }: BatchRecord, cause?: unknown): LlmBatchError {
  const message = `${path} is damaged or absent, and so are the raw result files of batch ${number}: what became of its ${requestCount} requests is lost here`
  return new LlmBatchError('disk', message, {
    next: 'Restore the folder of the run from a backup; the provider may still have the result files.',
    cause,
  })
}

/** The same for a run whose answers are judged by its schema, which is read when that is needed. */
export function repairOf(ports: Omit<RebuildPorts, 'checkAnswer'>): RepairOutcomes {
  return async (batch, plan) => {
    return await repairing({ ...ports, checkAnswer: await checkOf(ports.store) })(batch, plan)
  }
}

/** The check of a run's schema; null where it has none. */
async function checkOf(store: RebuildPorts['store']): Promise<AnswerCheck | null> {
  const { definition } = await store.record()
  return definition.answer && (await createAnswerCheck(definition.answer))
}

async function rebuild(
  ports: RebuildPorts,
  batch: BatchRecord,
  { attemptKey, cancelCause, name, resultFiles }: SettledBatch,
  plan: BatchPlan,
): Promise<Outcomes | undefined> {
  const { key, kind } = batch
  const attempt = (await ports.store.allAttempts()).find((one) => one.key === attemptKey)
  if (!attempt) throw new Error(`there is no attempt ${attemptKey} of batch ${key}`)
  // What was refused as a whole, or given up, has none.
  if (resultFiles.length === 0) return undefined
  for (const file of resultFiles) await assertNamed(ports.disk, namedResult(ports.folder, name, file))
  if (kind === 'carried') return await outcomesCarried(ports, attempt, name, plan)
  if (isAskedDirectly(batch)) {
    return await outcomesOfCalls(ports, attempt, plan, {
      answers: (await readAnswers(ports, attempt, stemOf(name))).answers,
      cancelledBy: cancelCause,
      isHeld: isHeldName(name),
    })
  }
  const settling = new Settling(ports, attempt, stemOf(name), plan, { cancelledBy: () => cancelCause })
  for (const { role } of resultFiles) await settling.readFile(role, true)
  const status = attempt.remoteStatus
  const isTold = status === 'completed' || status === 'failed' || status === 'expired' || status === 'cancelled'
  const { absentRowIsUnbilled } = ports.provider.limits(attempt.target)
  return (await settling.finish(isTold ? status : 'completed', absentRowIsUnbilled)).outcomes
}

/** Answers of an earlier run lie in the order of the plan; nothing but usable ones was carried over. */
async function outcomesCarried(
  { disk, folder, provider, store }: RebuildPorts,
  { target }: AttemptRecord,
  name: string,
  plan: BatchPlan,
): Promise<Outcomes> {
  const check = await checkOf(store)
  const outcomes = Outcomes.empty(plan.length)
  let index = 0
  for await (const lines of splitLines(disk.stream(folder.result(stemOf(name), 'output')))) {
    for (const { bytes, offset } of lines) {
      const decoded = provider.decode(Buffer.from(bytes).toString('utf8'), target)
      const place = { file: 'output', offset, length: bytes.length, crc32: crc32(bytes) } as const
      if (decoded && index < plan.length) {
        outcomes.set(index, carriedResult(await judgeAnswer(decoded.outcome, check), place))
      }
      index += 1
    }
  }
  return outcomes
}
