import { createHash } from 'node:crypto'
import { writeAtomically } from '../lib/atomic-file.ts'
import type { Disk } from '../lib/disk.ts'
import { NODE_VERSION } from '../lib/machine.ts'
import { OUTCOME_STATUSES } from '../model/outcome.ts'
import { inputOf, type OutputPlan, PLAIN_OUTPUT } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import type { AttemptRecord, UsageTotal } from '../store/port/attempt.ts'
import type { RequestCounts } from '../store/port/batch.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { WrittenAnswers } from './write-answers.ts'

const COUNTED = [...OUTCOME_STATUSES, 'pending', 'batched', 'skipped'] as const

/** Facts that the summary of a run is made from. */
export interface RunFacts {
  readonly run: RunRecord
  /** Version of this package. */
  readonly version: string
  /** Of every request, and of the rows that were skipped. */
  readonly counts: RequestCounts
  readonly usage: readonly UsageTotal[]
  /** US dollars for the whole run; null where any part of it is not known. */
  readonly costUsd: number | null
  readonly cost: CostFacts
  /** What checking the answers came to; null for a run without a schema. */
  readonly checked: object | null
  /** Every attempt, oldest first. */
  readonly attempts: readonly AttemptRecord[]
  readonly answers: WrittenAnswers
  /** Which rows the answers file holds; null for all. */
  readonly selection: RowSelection | null
}

/** Which rows of a run were asked for. */
export interface RowSelection {
  /** Conditions that each of them fulfils, as they were written. */
  readonly where: readonly string[]
  readonly limit: number | null
  readonly sample: number | null
  readonly seed: number | null
}

/** Cost of the run, in parts; US dollars, null where any part of a sum is not known. */
export interface CostFacts {
  readonly synchronousUsd: number | null
  readonly savedUsd: number | null
  readonly maxUsd: number | null
  readonly models: readonly {
    readonly target: Target
    readonly totalUsd: number | null
    readonly synchronousUsd: number | null
    readonly pricedAsOf: string | null
    readonly priceSource: string | null
  }[]
  readonly attempts: readonly {
    readonly batch: number
    readonly attempt: number
    readonly kind: string
    readonly totalUsd: number | null
  }[]
}

/**
 * The file that tells how an answers file was made, beside it: `OUT.run.json`. A database may hold the answers of several
 * runs, so for a table with another name than the usual one it is `OUT.TABLE.run.json`.
 */
export function summaryPathOf(answersPath: string, output: Pick<OutputPlan, 'format' | 'tableName'>): string {
  const table = tableOf(output)
  return `${answersPath}${table === null || table === PLAIN_OUTPUT.tableName ? '' : `.${table}`}.run.json`
}

function tableOf({ format, tableName }: Pick<OutputPlan, 'format' | 'tableName'>): string | null {
  return format === 'sqlite' ? tableName : null
}

/**
 * Writes `OUT.run.json` beside the answers file and returns its path. Whole or absent; may be repeated, and then
 * replaces the one before. Prompts appear as hashes only, because they may be confidential.
 */
export async function writeRunSummary(answersPath: string, facts: RunFacts, disk: Disk): Promise<string> {
  const path = summaryPathOf(answersPath, facts.run.output)
  const text = `${JSON.stringify(summaryOf(facts), null, 2)}\n`
  await writeAtomically(disk, path, async (writer) => void (await writer.writeText(text)), 'share')
  return path
}

/**
 * Marks that tell of which run an answers file is, when that run was finished, and how it was written; only to be compared.
 */
export type SummaryMarks = string

/** The marks of a file with all answers of a run. */
export function summaryMarks({ finishedAt, id, output }: RunRecord): SummaryMarks {
  const answers = { selection: null, ...output, tableName: tableOf(output) }
  return marksOf({ run: { id }, finishedAt: instant(finishedAt), answers })
}

/** The marks in the summary beside an answers file; undefined where there is none, or none of ours. */
export async function readSummaryMarks(
  answersPath: string,
  output: Pick<OutputPlan, 'format' | 'tableName'>,
  disk: Disk,
): Promise<SummaryMarks | undefined> {
  const text = await disk.readText(summaryPathOf(answersPath, output))
  if (text === undefined) return undefined
  try {
    return marksOf(JSON.parse(text) as Marked | null)
  } catch {
    // A file of the user's own, or one that was cut: it tells of no run.
    return ''
  }
}

/** The part of a summary that marks are taken from; another program may have written anything there. */
interface Marked {
  readonly run?: { readonly id?: unknown } | null
  readonly finishedAt?: unknown
  readonly answers?: Readonly<Record<string, unknown>> | null
}

function marksOf(summary: Marked | null): SummaryMarks {
  const wishes = ['selection', 'format', 'prefix', 'columns', 'raw', 'excelSafe', 'tableName'].map(
    (name) => summary?.answers?.[name],
  )
  return JSON.stringify([summary?.run?.id, summary?.finishedAt, ...wishes])
}

/** The order of the members is part of the format: two summaries can be compared line by line. */
function summaryOf(facts: RunFacts): object {
  const { run, version, counts, usage, cost, costUsd, checked, attempts, answers, selection } = facts
  const { definition } = run
  return {
    version: 1,
    madeBy: { llmBatch: version, node: NODE_VERSION },
    run: { id: run.id, name: run.name, state: run.state },
    startedAt: instant(run.createdAt),
    finishedAt: instant(run.finishedAt),
    provider: definition.provider,
    baseUrl: definition.baseUrl,
    model: definition.model,
    input: { path: inputOf(definition), shape: definition.shape, rows: run.rowCount, requests: run.requestCount },
    carried: run.carried,
    prompt: { sha256: sha256(definition.prompt) },
    system: { sha256: sha256(definition.system) },
    parameters: {
      maxTokens: definition.maxTokens,
      temperature: definition.temperature,
      timeoutHours: definition.timeoutHours,
      further: definition.parameters,
    },
    schema: definition.answer && {
      name: definition.answer.name,
      isStrict: definition.answer.isStrict,
      sha256: sha256(JSON.stringify(definition.answer.schema)),
      maxReasks: definition.maxReasks,
      ...checked,
    },
    counts: Object.fromEntries(COUNTED.map((state) => [state, counts[state]])),
    costUsd,
    cost: costOf(cost),
    usage: usage.map(usageOf),
    batches: attempts.map(batchOf),
    hashes: { rows: run.rowsHash, requests: run.requestsHash },
    answers: {
      format: run.output.format,
      prefix: run.output.prefix,
      rows: answers.rows,
      selection,
      bytes: answers.bytes,
      formulaCells: answers.formulaCells,
      damagedRows: answers.damagedRows,
      failedRows: answers.failed?.rows ?? null,
      columns: run.output.columns,
      raw: run.output.raw,
      excelSafe: run.output.excelSafe,
      tableName: tableOf(run.output),
    },
  }
}

function costOf({ attempts, maxUsd, models, savedUsd, synchronousUsd }: CostFacts): object {
  return {
    synchronousUsd,
    savedUsd,
    maxUsd,
    models: models.map(({ pricedAsOf, priceSource, target, ...sums }) => ({
      endpoint: target.endpoint,
      model: target.model,
      totalUsd: sums.totalUsd,
      synchronousUsd: sums.synchronousUsd,
      pricedAsOf,
      priceSource,
    })),
    attempts: attempts.map(({ attempt, batch, kind, totalUsd }) => ({ batch, attempt, kind, totalUsd })),
  }
}

function usageOf(total: UsageTotal): object {
  return {
    endpoint: total.target.endpoint,
    model: total.target.model,
    results: total.results,
    promptTokens: total.promptTokens,
    completionTokens: total.completionTokens,
    cachedTokens: total.cachedTokens,
    reasoningTokens: total.reasoningTokens,
    cacheWriteTokens: total.cacheWriteTokens,
    withoutUsage: total.withoutUsage,
  }
}

function batchOf(attempt: AttemptRecord): object {
  return {
    batch: attempt.batch,
    attempt: attempt.number,
    endpoint: attempt.target.endpoint,
    model: attempt.target.model,
    requests: attempt.requestCount,
    stage: attempt.stage,
    remoteId: attempt.remoteId,
    remoteStatus: attempt.rawStatus,
    submittedAt: instant(attempt.submittedAt),
    endedAt: instant(attempt.endedAt),
    contentHash: attempt.contentHash,
  }
}

function instant(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function sha256(text: string | null): string | null {
  return text === null ? null : createHash('sha256').update(text).digest('hex')
}
