import type { KeptAnswer } from '../batching/prepared-row.ts'
import { judgeAnswer } from '../collect/judge-answer.ts'
import { repairOf } from '../collect/rebuild.ts'
import { sumKnown } from '../lib/number.ts'
import { DigestQueues } from '../lib/packed/digest-queues.ts'
import { withoutCachePrefix } from '../log/cache-prefix.ts'
import { bodyOf } from '../log/frozen-line.ts'
import { FrozenLines } from '../log/frozen-lines.ts'
import { type Entry, placedResult } from '../log/log-batch.ts'
import type { LogPorts } from '../log/ports.ts'
import { questionsOf } from '../log/present.ts'
import { DAMAGED, placesIn, ResultLines } from '../log/result-lines.ts'
import { RunLog } from '../log/run-log.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { mention } from '../model/options/mention.ts'
import type { CarriedOver, RunDefinition } from '../model/run.ts'
import { type Target, targetKey } from '../model/target.ts'
import { costOfRequest } from '../prices/cost.ts'
import { Identities } from '../request/identity.ts'
import { createAnswerCheck } from '../schema/check-answer.ts'
import type { BatchRecord } from '../store/port/batch.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunFolder } from '../store/run-folder.ts'
import type { Store } from '../store/store.ts'
import { priceList } from '../workspace/budget.ts'
import { findRun } from '../workspace/find-run.ts'
import type { Site, Workspace } from '../workspace/workspace.ts'

/** The answers of an earlier run, offered to rows that ask the same. */
export interface Carry {
  readonly run: RunRecord
  /** Rows of that run that have no final result yet. */
  readonly openRows: number
  /** The request of that run whose answer the next row with this identity may have; undefined where none is left. */
  take(identity: string): number | undefined
  /** The answers of requests that were taken, in their order. Throws `conflict` where one is not there any more. */
  answersOf(ordinals: readonly number[]): Promise<readonly PricedAnswer[]>
}

/** The part of a home that earlier answers are looked for in. */
export interface CarryHome extends Pick<Workspace, 'folderOf'> {
  readonly store: Pick<Store, 'listRuns' | 'read'>
}

/** A kept answer with what it was bought for, in US dollars; null where that is not known. */
export type PricedAnswer = KeptAnswer & { readonly costUsd: number | null }

/**
 * Opens a run whose answers are to be carried over: every usable answer by the identity of its request; where that run
 * has checked its answers otherwise, only those that fit the new schema. Throws what `findRun` throws, and `usage` for a
 * run of another provider or base URL.
 */
export async function openCarry(
  site: Pick<Site, 'configuration' | 'describe' | 'disk'>,
  { folderOf, store }: CarryHome,
  definition: Pick<RunDefinition, 'answer' | 'provider' | 'baseUrl'>,
  since: string,
): Promise<Carry> {
  const run = await findRun(store, since)
  assertSamePlace(run, definition)
  const earlier = store.read(run.id)
  const folder = folderOf(run.id)
  const ports = { disk: site.disk, folder, store: earlier }
  const provider = await site.describe(run.definition.provider)
  const { settings } = site.configuration
  const log = new RunLog(ports, repairOf({ ...ports, provider, settings }))
  const batches = await log.batches()
  const index = await indexOf(log, ports, await sieveFor({ ...site, folder }, run, definition.answer))
  const counts = await earlier.counts()
  return {
    run,
    openRows: counts.pending + counts.batched,
    take: (identity) => index.take(identity),
    answersOf: readerOf({ run, log, folder, batches }, priceList(site.configuration.prices)),
  }
}

/** A model of the same name at another server is not known to be the same, and would not be seen to differ. */
function assertSamePlace(
  { definition, id }: RunRecord,
  { baseUrl, provider }: Pick<RunDefinition, 'provider' | 'baseUrl'>,
) {
  if (definition.provider === provider && definition.baseUrl === baseUrl) return
  const what = `run ${id} asked ${definition.provider} at ${definition.baseUrl}, and this one asks ${provider} at ${baseUrl}`
  throw new LlmBatchError('usage', `${what}; answers of another server are not carried over`, {
    next: `Name a run of the same provider and base URL with ${mention('since')}, or leave it out.`,
  })
}

/** Tells of an answered request whether its answer may be carried over. */
type CarryFilter = (answered: Entry) => Promise<boolean>

/**
 * The same body may be asked under another schema: that of ready-made lines is not sent, nor are the parts of one that a
 * provider does not know. Then every answer is read and judged again. Null where nothing has to be.
 */
async function sieveFor(
  { describe, disk, folder }: Pick<Site, 'describe' | 'disk'> & { readonly folder: RunFolder },
  run: RunRecord,
  answer: RunDefinition['answer'],
): Promise<CarryFilter | null> {
  if (answer === null || JSON.stringify(answer.schema) === JSON.stringify(run.definition.answer?.schema)) return null
  const check = await createAnswerCheck(answer)
  const provider = await describe(run.definition.provider)
  const lines = new ResultLines({ disk, folder })
  return async (answered) => {
    const [line] = await lines.of([{ result: placedResult(answered) }])
    await lines.close()
    // Where it is copied, the damage is told.
    if (line === DAMAGED) return true
    const decoded = line ? provider.decode(line, answered.batch.record.target) : undefined
    return decoded !== undefined && (await judgeAnswer(decoded.outcome, check)).status === 'succeeded'
  }
}

/** Usable answers by the identity of the question that was asked first, each for as many rows as it has. */
async function indexOf(log: RunLog, ports: LogPorts, filter: CarryFilter | null): Promise<DigestQueues> {
  const index = new DigestQueues()
  const identities = new Identities()
  // One object for each target, which is quicker to tell apart.
  const targets = new Map<string, Target>()
  const weights = await log.weights()
  const lines = new FrozenLines(ports)
  try {
    for await (const { entries, newest, ordinal, state } of log.all()) {
      if (state !== 'succeeded' || (placedResult(newest)?.file ?? null) === null) continue
      if (filter !== null && !(await filter(newest))) continue
      const first = entries.findLast(({ turn }) => turn === 0) ?? newest
      const key = targetKey(first.batch.record.target)
      const target = targets.get(key) ?? first.batch.record.target
      targets.set(key, target)
      index.add(
        identities.of(target, withoutCachePrefix(bodyOf(await lines.of(first)))),
        ordinal,
        weights.rowsOf(ordinal),
      )
    }
  } finally {
    await lines.close()
  }
  return index
}

/** An earlier run, with its batches as they were when reading it began. */
interface EarlierRun {
  readonly run: RunRecord
  readonly log: RunLog
  readonly folder: RunFolder
  readonly batches: readonly BatchRecord[]
}

function readerOf(
  { batches, folder, log, run }: EarlierRun,
  priceOf: ReturnType<typeof priceList>,
): Carry['answersOf'] {
  const placeOf = placesIn(folder)
  return async (ordinals) => {
    const found = new Map<number, PricedAnswer>()
    const rising = ordinals.toSorted((one, other) => one - other)
    for await (const { entries, newest, ordinal, state } of log.some(rising, batches)) {
      const result = placedResult(newest)
      const place = result && placeOf(result)
      if (state !== 'succeeded' || !result || !place) throw changedMeanwhile(run)
      found.set(ordinal, { place, result, costUsd: costOf(questionsOf(entries), priceOf) })
    }
    return ordinals.map((ordinal) => {
      const answer = found.get(ordinal)
      if (!answer) throw changedMeanwhile(run)
      return answer
    })
  }
}

/** With all that was asked before the answer was as it should be. */
function costOf(questions: readonly Entry[], priceOf: ReturnType<typeof priceList>): number | null {
  const costs = questions.map(({ batch: { record }, result }) => {
    if (result === null || result.billed === 'no') return 0
    // What that run carried over itself was bought before, mostly in batches.
    return costOfRequest(result, priceOf(record.target), record.kind === 'carried' ? 'batch' : record.kind)
  })
  return sumKnown(costs)
}

function changedMeanwhile({ id }: RunRecord): LlmBatchError {
  return new LlmBatchError('conflict', `run ${id} was changed while its answers were being carried over`, {
    next: 'Nothing was sent. Type the same command again.',
  })
}

/**
 * Whether a finished run of the same work is pointed out in place of making another. Not the run that answers are carried
 * over from, nor those before it, because the new one goes on with them; and where nothing is left to buy, only one that
 * did the very same, so that a weekly job may find nothing to do.
 */
export function mustPointOut(
  finished: RunRecord,
  { from, rows }: CarriedOver,
  { requestCount }: { readonly requestCount: number },
  runs: readonly RunRecord[],
): boolean {
  if (lineageOf(runs, from).has(finished.id)) return false
  return rows < requestCount || finished.carried?.from === from
}

/** A run, the one it carried answers over from, the one before that, and so on, as far as they are here. */
function lineageOf(runs: readonly RunRecord[], id: string): ReadonlySet<string> {
  const byId = new Map(runs.map((run) => [run.id, run]))
  const lineage = new Set<string>()
  for (let at: string | undefined = id; at !== undefined && !lineage.has(at); at = byId.get(at)?.carried?.from) {
    lineage.add(at)
  }
  return lineage
}

/** Says what a person would not expect: a run that is not finished yet, and one that has no answer for any row. */
export function tellCarried({ openRows, run }: Carry, { rows }: CarriedOver, emit: Emit): void {
  if (openRows > 0) {
    const message = `run ${run.id} is not finished: ${openRows} of its rows have no answer yet, so this run buys them too`
    emit({ type: 'warning', code: 'since_unfinished', message, batch: null })
  }
  if (rows > 0) return
  const message = `run ${run.id} has answered none of these requests (model, prompt, parameters and row together); all are bought`
  emit({ type: 'warning', code: 'nothing_carried', message, batch: null })
}
