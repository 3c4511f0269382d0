import type { Attributes, Counter, Histogram, MeterProvider, ObservableResult } from '@opentelemetry/api'
import type { Happening, SettledBatch } from '../model/event.ts'
import { isFinished } from '../model/run.ts'
import { VERSION } from '../version.ts'
import type { TelemetryApi } from './find-api.ts'
import { ATTRIBUTES, GEN_AI, METRICS } from './names.ts'
import { type QueuedTokens, queuedNow } from './queues.ts'
import { modelAttributes, type Telling } from './run-attributes.ts'

/** Bounds of buckets that the conventions ask for. */
const TOKEN_BOUNDS = Array.from({ length: 14 }, (_, power) => 4 ** power)

/** From a minute to a day, in seconds: how long providers take. */
const WAIT_BOUNDS = [60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400]

/** The instruments of a provider of meters, made once for each: a program may set up another. */
const MADE = new WeakMap<MeterProvider, Measures>()

/** The instruments of the program as it is set up now. */
export function measuresOf(api: TelemetryApi): Measures {
  const provider = api.metrics.getMeterProvider()
  let made = MADE.get(provider)
  if (!made) {
    made = new Measures(provider)
    MADE.set(provider, made)
  }
  return made
}

/** Instruments for what happens to runs. Counters count what this process has seen. */
export class Measures {
  readonly #rows: Counter
  readonly #tokens: Histogram
  readonly #cost: Counter
  readonly #polls: Counter
  readonly #batches: Counter
  readonly #waiting: Histogram
  readonly #runs: Counter
  readonly #warnings: Counter
  readonly #incidents: Counter

  constructor(provider: MeterProvider) {
    const meter = provider.getMeter('llm-batch', VERSION)
    this.#rows = meter.createCounter(METRICS.rows, { unit: '{row}', description: 'Rows that came to an outcome.' })
    this.#tokens = meter.createHistogram(GEN_AI.tokenUsage, {
      unit: '{token}',
      description: 'Tokens of a batch, as the provider counted them.',
      advice: { explicitBucketBoundaries: TOKEN_BOUNDS },
    })
    this.#cost = meter.createCounter(METRICS.cost, { unit: '{USD}', description: 'Cost of answers in US dollars.' })
    this.#polls = meter.createCounter(METRICS.polls, { unit: '{look}', description: 'Looks at batches at providers.' })
    this.#batches = meter.createCounter(METRICS.batches, { unit: '{batch}', description: 'Batches that are over.' })
    this.#waiting = meter.createHistogram(METRICS.waiting, {
      unit: 's',
      description: 'Time from the create of a batch to its end at the provider.',
      advice: { explicitBucketBoundaries: WAIT_BOUNDS },
    })
    this.#runs = meter.createCounter(METRICS.runs, { unit: '{run}', description: 'Runs that finished or were held.' })
    this.#warnings = meter.createCounter(METRICS.warnings, { unit: '{warning}', description: 'Warnings by code.' })
    this.#incidents = meter.createCounter(METRICS.incidents, { unit: '{incident}', description: 'Incidents by kind.' })
    const tokens = meter.createObservableGauge(METRICS.queuedTokens, {
      unit: '{token}',
      description: 'Input tokens of the home that wait or are at work at the provider.',
    })
    const requests = meter.createObservableGauge(METRICS.queuedRequests, {
      unit: '{request}',
      description: 'Requests of the home that wait or are at work at the provider.',
    })
    tokens.addCallback((result) => observe(result, (queued) => queued.tokens))
    requests.addCallback((result) => observe(result, (queued) => queued.requests))
  }

  countLook(model: Attributes): void {
    this.#polls.add(1, model)
  }

  countSettled(settled: SettledBatch, telling: Telling): void {
    const model = modelAttributes(settled, telling)
    this.#batches.add(1, { ...model, [ATTRIBUTES.stage]: settled.stage })
    for (const [status, rows] of Object.entries(settled.rows)) {
      this.#rows.add(rows, { ...model, [ATTRIBUTES.outcome]: status })
    }
    if (settled.inputTokens + settled.outputTokens > 0) {
      this.#tokens.record(settled.inputTokens, { ...model, [GEN_AI.tokenType]: 'input' })
      this.#tokens.record(settled.outputTokens, { ...model, [GEN_AI.tokenType]: 'output' })
    }
    if (settled.costUsd !== null) this.#cost.add(settled.costUsd, model)
    if (settled.submittedAt === null || settled.endedAt === null) return
    const waitedMs = Date.parse(settled.endedAt) - Date.parse(settled.submittedAt)
    this.#waiting.record(Math.max(0, waitedMs) / 1000, model)
  }

  count(happening: Happening): void {
    if (happening.type === 'warning') this.#warnings.add(1, { [ATTRIBUTES.code]: happening.code })
    if (happening.type === 'incident') this.#incidents.add(1, { [ATTRIBUTES.code]: happening.kind })
    if (happening.type === 'run' && (isFinished(happening.state) || happening.state === 'held')) {
      this.#runs.add(1, { [ATTRIBUTES.runState]: happening.state })
    }
  }
}

async function observe(result: ObservableResult, pick: (queued: QueuedTokens) => number): Promise<void> {
  for (const queued of await queuedNow()) {
    result.observe(pick(queued), { [GEN_AI.provider]: queued.provider, [GEN_AI.model]: queued.model })
  }
}
