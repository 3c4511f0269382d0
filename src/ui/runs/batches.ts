import { costOfParts } from '../../prices/bill.ts'
import type { AttemptRecord } from '../../store/port/attempt.ts'
import type { BatchRecord } from '../../store/port/batch.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { priceList } from '../../workspace/budget.ts'
import { type Lifetime, lifetimesOf } from '../../workspace/lifetime.ts'
import { phaseOf } from '../../workspace/progress.ts'
import type { BatchBar, BatchPage } from '../contract.ts'
import { cursorOf, type PageQuery, readNumber } from '../http/parameters.ts'
import type { UiSurroundings } from '../surroundings.ts'
import { tellReason } from './summary.ts'

const MOST_BATCHES = 500

/** Some batches of a run, by number, each as its newest attempt. */
export async function batchPage({ home }: UiSurroundings, run: RunRecord, query: PageQuery): Promise<BatchPage> {
  const store = home.store.read(run.id)
  const [attempts, records] = await Promise.all([store.currentAttempts(), store.batches()])
  const from = readNumber(query.cursor, 'cursor', 0)
  const limit = Math.min(readNumber(query.limit, 'limit', MOST_BATCHES), MOST_BATCHES)
  const tallies = new Map(records.map((record) => [record.key, record]))
  const lifetime = await lifetimesOf(run)
  const priceOf = priceList(home.configuration.prices)
  const page = attempts.slice(from, from + limit)
  return {
    batches: page.map((attempt) => ({
      ...barOf(attempt, lifetime(attempt)),
      counts: countsOf(tallies.get(attempt.batchKey)),
      costUsd: attempt.usage.length === 0 ? null : costOfParts(attempt.usage, priceOf(attempt.target), attempt.kind),
    })),
    total: attempts.length,
    next: cursorOf(from + page.length, attempts.length),
  }
}

function barOf(attempt: AttemptRecord, { expiresAt, resultsUntil }: Lifetime): Omit<BatchBar, 'counts' | 'costUsd'> {
  return {
    batch: attempt.batch,
    kind: attempt.kind,
    attempt: attempt.number,
    phase: phaseOf(attempt),
    stage: attempt.stage,
    provider: attempt.target.provider,
    endpoint: attempt.target.endpoint,
    model: attempt.target.model,
    requests: attempt.requestCount,
    tokens: attempt.tokens,
    remoteId: attempt.remoteId,
    remoteStatus: attempt.remoteStatus,
    rawStatus: attempt.rawStatus,
    remoteCompleted: attempt.remoteCompleted,
    remoteFailed: attempt.remoteFailed,
    plannedAt: attempt.createdAt,
    uploadedAt: attempt.uploadedAt,
    submittedAt: attempt.submittedAt,
    endedAt: attempt.endedAt,
    expiresAt,
    resultsUntil,
    nextAt: attempt.endedAt === null && attempt.nextAt > 0 ? attempt.nextAt : null,
    polls: attempt.polls,
    failures: attempt.failures,
    reason: attempt.reason && tellReason(attempt.reason),
  }
}

function countsOf(record: BatchRecord | undefined): BatchBar['counts'] {
  const counts: Partial<Record<keyof BatchBar['counts'], number>> = {}
  for (const { requests, state } of record?.tally ?? []) counts[state] = (counts[state] ?? 0) + requests
  return counts
}
