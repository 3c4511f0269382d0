import type { KeptAnswer } from '../batching/prepared-row.ts'
import { judgeAnswer } from '../collect/judge-answer.ts'
import { type ByteRange, RangeReader } from '../lib/byte-range.ts'
import { DigestQueues } from '../lib/packed/digest-queues.ts'
import { sumKnown } from '../lib/sum.ts'
import { bodyOf } from '../log/frozen-line.ts'
import { placesIn } from '../log/result-lines.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { mention } from '../model/options/mention.ts'
import type { CarriedOver, RunDefinition } from '../model/run.ts'
import { type Target, targetKey } from '../model/target.ts'
import { costOfRequest } from '../prices/cost.ts'
import { Identities } from '../request/identity.ts'
import { createAnswerCheck } from '../schema/check-answer.ts'
import { type RunFolder, runFolder } from '../store/run-folder.ts'
import type { AnsweredRequest, RequestAnswer, RunRecord, RunStore, Store } from '../store/store.ts'
import { priceList } from '../workspace/budget.ts'
import { findRun } from '../workspace/find-run.ts'
import type { Site } from '../workspace/workspace.ts'

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

/** A kept answer with what it was bought for, in US dollars; null where that is not known. */
export type PricedAnswer = KeptAnswer & { readonly costUsd: number | null }

/** Frozen lines read at once. */
const PAGE_REQUESTS = 1_000

/**
 * Opens a run whose answers are to be carried over: every usable answer by the identity of its request; where that run
 * has checked its answers otherwise, only those that fit the new schema. Throws what `findRun` throws, and `usage` for a
 * run of another provider or base URL.
 */
export async function openCarry(
  home: Pick<Site, 'configuration' | 'describe' | 'disk' | 'home'>,
  store: Pick<Store, 'listRuns' | 'read'>,
  definition: Pick<RunDefinition, 'answer' | 'provider' | 'baseUrl'>,
  since: string,
): Promise<Carry> {
  const run = await findRun(store, since)
  assertSamePlace(run, definition)
  const earlier = store.read(run.id)
  const folder = runFolder(home.home, run.id)
  const index = await indexOf(earlier, folder, home.disk, await sieveFor(home, run, earlier, definition.answer))
  const counts = await earlier.counts()
  return {
    run,
    openRows: counts.pending + counts.batched,
    take: (identity) => index.take(identity),
    answersOf: readerOf(run, earlier, folder, priceList(home.configuration.prices)),
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

/** Tells which of some answered requests may be carried over. */
type CarryFilter = (page: readonly AnsweredRequest[]) => Promise<readonly AnsweredRequest[]>

/**
 * The same body may be asked under another schema: that of ready-made lines is not sent, nor are the parts of one that a
 * provider does not know. Then every answer is read and judged again. Null where nothing has to be.
 */
async function sieveFor(
  { describe, disk, home }: Pick<Site, 'describe' | 'disk' | 'home'>,
  run: RunRecord,
  earlier: RunStore,
  answer: RunDefinition['answer'],
): Promise<CarryFilter | null> {
  if (answer === null || JSON.stringify(answer.schema) === JSON.stringify(run.definition.answer?.schema)) return null
  const check = await createAnswerCheck(answer)
  const provider = describe(run.definition.provider)
  const placeOf = placesIn(runFolder(home, run.id))
  const fits = async ({ result, target }: RequestAnswer, bytes: RangeReader): Promise<boolean> => {
    const [line] = await bytes.of([placeOf(result)])
    const decoded = line ? provider.decode(line.toString('utf8'), target) : undefined
    return decoded !== undefined && (await judgeAnswer(decoded.outcome, check)).status === 'succeeded'
  }
  return async (page) => {
    const bytes = new RangeReader(disk)
    const fitting = new Set<number>()
    try {
      for (const found of await earlier.answersOf(page.map(({ ordinal }) => ordinal))) {
        if (await fits(found, bytes)) fitting.add(found.ordinal)
      }
    } finally {
      await bytes.close()
    }
    return page.filter(({ ordinal }) => fitting.has(ordinal))
  }
}

async function indexOf(
  earlier: RunStore,
  folder: RunFolder,
  disk: Site['disk'],
  filter: CarryFilter | null,
): Promise<DigestQueues> {
  const index = new DigestQueues()
  const identities = new Identities()
  // One object for each target, which is quicker to tell apart.
  const targets = new Map<string, Target>()
  const bytes = new RangeReader(disk)
  try {
    for await (const answered of answeredRequests(earlier)) {
      const page = filter === null ? answered : await filter(answered)
      const lines = await bytes.of(page.map((request) => frozenPlace(folder, request)))
      for (const [at, request] of page.entries()) {
        const key = targetKey(request.target)
        const target = targets.get(key) ?? request.target
        targets.set(key, target)
        index.add(identities.of(target, bodyIn(lines[at], request)), request.ordinal, request.rows)
      }
    }
  } finally {
    await bytes.close()
  }
  return index
}

async function* answeredRequests(earlier: RunStore): AsyncIterable<readonly AnsweredRequest[]> {
  let after = -1
  for (;;) {
    const page = await earlier.answeredRequests(after, PAGE_REQUESTS)
    const last = page.at(-1)
    if (!last) return
    yield page
    after = last.ordinal
  }
}

function frozenPlace(folder: RunFolder, { inputName, length, offset }: AnsweredRequest): ByteRange {
  return { path: folder.input(inputName), offset, length }
}

/** The body of a frozen line, as it was sent. */
function bodyIn(line: Buffer | null | undefined, { ordinal }: AnsweredRequest): string {
  if (!line) throw new LlmBatchError('disk', `the frozen line of request ${ordinal} cannot be read`)
  return bodyOf(line)
}

function readerOf(
  run: RunRecord,
  earlier: RunStore,
  folder: RunFolder,
  priceOf: ReturnType<typeof priceList>,
): Carry['answersOf'] {
  const placeOf = placesIn(folder)
  return async (ordinals) => {
    const found = new Map((await earlier.answersOf(ordinals)).map((answer) => [answer.ordinal, answer]))
    return ordinals.map((ordinal) => {
      const answer = found.get(ordinal)
      const place = answer && placeOf(answer.result)
      if (!answer || !place) throw changedMeanwhile(run)
      return { place, result: answer.result, costUsd: costOf(answer, priceOf) }
    })
  }
}

/** With all that was asked before the answer was as it should be. */
function costOf({ questions, ...answer }: RequestAnswer, priceOf: ReturnType<typeof priceList>): number | null {
  const billed = (questions ?? [answer]).filter(({ result }) => result !== null && result.billed !== 'no')
  const costs = billed.map(({ kind, result, target }) => {
    // What that run carried over itself was bought before, mostly in batches.
    const price = target && priceOf(target)
    return costOfRequest(result, price, kind === null || kind === 'carried' ? 'batch' : kind)
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
