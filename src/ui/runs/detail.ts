import { isFinished } from '../../model/run.ts'
import { targetKey } from '../../model/target.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { type RunReport, reportOf } from '../../workspace/report.ts'
import { standingOf } from '../../workspace/standing.ts'
import type { ModelSpent, RunAsked, RunDetail } from '../contract.ts'
import type { UiSurroundings } from '../surroundings.ts'
import { causesOf } from './causes.ts'
import { schemaFields } from './schema-fields.ts'
import { throughputOf } from './throughput.ts'

/** Longest text of the question that is told. */
const MOST_CHARACTERS = 20_000

/** A run with all that the catalog tells of it, but its batches. */
export async function detailOf({ home, runs }: UiSurroundings, run: RunRecord): Promise<RunDetail> {
  const store = home.store.read(run.id)
  const report = await reportOf(store, home.configuration)
  const standing = await standingOf(store)
  const { path } = run.output
  const { answer } = run.definition
  return {
    ...(await runs.summary(run)),
    asked: askedOf(run),
    answers: {
      path,
      isThere: path !== null && isFinished(run.state) && (await home.disk.size(path)) !== undefined,
    },
    models: modelsOf(report),
    ...(await causesOf(await runs.open(run), standing)),
    throughput: throughputOf(run, report.attempts, home.clock.now()),
    incidents: report.incidents,
    retryableRows: {
      unbilled: sumOf(report.retryable.unbilled.map(({ rows }) => rows)),
      billed: sumOf(report.retryable.billed.map(({ rows }) => rows)),
      billedUsd: report.retryable.billedUsd,
    },
    reasked: report.checked?.reasked ?? null,
    fields: answer === null ? [] : schemaFields(answer.schema),
    columns: run.columns.map(({ name }) => name),
    batchCount: new Set(report.attempts.map(({ batch }) => batch)).size,
  }
}

function askedOf({ definition }: RunRecord): RunAsked {
  const { answer, baseUrl, endpoint, maxReasks, maxTokens, prompt, system, temperature } = definition
  return {
    endpoint,
    baseUrl,
    system: system && system.slice(0, MOST_CHARACTERS),
    prompt: prompt && prompt.slice(0, MOST_CHARACTERS),
    maxTokens,
    temperature,
    hasSchema: answer !== null,
    maxReasks,
  }
}

function modelsOf({ cost, usage }: RunReport): readonly ModelSpent[] {
  const costs = new Map(cost.models.map((model) => [targetKey(model.target), model]))
  return usage
    .map(({ target, ...used }) => {
      const model = costs.get(targetKey(target))
      return {
        provider: target.provider,
        endpoint: target.endpoint,
        model: target.model,
        totalUsd: model?.totalUsd ?? null,
        synchronousUsd: model?.synchronousUsd ?? null,
        pricedAsOf: model?.pricedAsOf ?? null,
        results: used.results,
        promptTokens: used.promptTokens,
        completionTokens: used.completionTokens,
        cachedTokens: used.cachedTokens,
        reasoningTokens: used.reasoningTokens,
        withoutUsage: used.withoutUsage,
      }
    })
    .sort((one, other) => (other.totalUsd ?? 0) - (one.totalUsd ?? 0))
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
