import { inputOf } from '../../model/run.ts'
import type { WrittenFiles } from '../../results/finish.ts'
import type { AttemptRecord } from '../../store/port/attempt.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { type Lifetime, lifetimesOf } from '../../workspace/lifetime.ts'
import { phaseOf, sharedRows } from '../../workspace/progress.ts'
import { newestOfEach, type RunReport } from '../../workspace/report.ts'
import { nextSteps } from '../render/views/next-command.ts'
import { tellReason } from '../render/words/reason-words.ts'

/** A run for `--json`: one shape for every command that shows one. Instants are ISO texts. */
export async function reportDocument(report: RunReport, answers: WrittenFiles | null): Promise<object> {
  const { run, counts, usage, checked, cost, costUsd, attempts, failures, incidents } = report
  const lifetimeOf = await lifetimesOf(run)
  return {
    version: 1,
    run: runDocument(run),
    counts,
    sharedRows: sharedRows(run, counts),
    costUsd,
    cost,
    usage,
    batches: newestOfEach(attempts).map((attempt) => batchDocument(attempt, lifetimeOf(attempt))),
    failures,
    retryable: report.retryable,
    checked,
    incidents: incidents.map((incident) => ({ ...incident, at: instant(incident.at) })),
    answers,
    next: nextSteps(report)[0] ?? null,
  }
}

/** The facts of a run without what became of its rows. */
export function runDocument(run: RunRecord): object {
  const { definition } = run
  return {
    id: run.id,
    name: run.name,
    state: run.state,
    reason: run.reason && tellReason(run.reason),
    deadline: instant(run.deadline?.at ?? null),
    tail: run.deadline?.tail ?? null,
    tailBegunAt: instant(run.tailBegunAt),
    priority: run.priority,
    provider: definition.provider,
    baseUrl: definition.baseUrl,
    model: definition.model,
    input: inputOf(definition),
    output: run.output.path,
    rows: run.rowCount,
    requests: run.requestCount,
    carried: run.carried,
    createdAt: instant(run.createdAt),
    finishedAt: instant(run.finishedAt),
  }
}

function batchDocument(attempt: AttemptRecord, { expiresAt, resultsUntil }: Lifetime): object {
  return {
    batch: attempt.batch,
    attempt: attempt.number,
    kind: attempt.kind,
    phase: phaseOf(attempt),
    stage: attempt.stage,
    endpoint: attempt.target.endpoint,
    model: attempt.target.model,
    requests: attempt.requestCount,
    remoteId: attempt.remoteId,
    remoteStatus: attempt.rawStatus,
    submittedAt: instant(attempt.submittedAt),
    endedAt: instant(attempt.endedAt),
    expiresAt: instant(expiresAt),
    resultsUntil: instant(resultsUntil),
    nextAt: attempt.endedAt === null ? instant(attempt.nextAt) : null,
    reason: attempt.reason && tellReason(attempt.reason),
  }
}

function instant(at: number | null): string | null {
  return at === null || at === 0 ? null : new Date(at).toISOString()
}
