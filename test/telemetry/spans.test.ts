import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, type ContextManager, context, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startRun, startWorker } from '../../src/index.ts'
import { findTelemetryApi } from '../../src/telemetry/find-api.ts'
import { measuresOf } from '../../src/telemetry/measures.ts'
import { expectExit, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const spanExporter = new InMemorySpanExporter()
const SECRET = 'zanzibar'

let metricExporter: InMemoryMetricExporter
let reader: PeriodicExportingMetricReader

beforeEach(() => {
  spanExporter.reset()
  setUp()
})

/** Sets an SDK up, as the program around does. */
function setUp(): void {
  metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] }))
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
}

afterEach(async () => {
  await reader.shutdown()
  context.disable()
  trace.disable()
  metrics.disable()
})

const spansOf = (name: string): readonly ReadableSpan[] =>
  spanExporter.getFinishedSpans().filter((span) => span.name === `llm_batch.${name}`)

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId

/** The values of a metric as they were read last, by the last words of the attributes that tell them apart. */
async function readMetric(name: string, ...tellApart: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  await reader.forceFlush()
  const all =
    metricExporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
  const points = all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
  return Object.fromEntries(
    points.map(({ attributes, value }) => [
      tellApart.map((attribute) => attributes[attribute]).join(' '),
      typeof value === 'object' && 'sum' in value ? value.sum : value,
    ]),
  )
}

function placeOf({ configPath, environment }: LocalWorld) {
  return { config: configPath, environment }
}

/** Everything that was told, as text. */
async function toldText(): Promise<string> {
  await reader.forceFlush()
  const spans = spanExporter
    .getFinishedSpans()
    .map(({ attributes, events, name, status }) => ({ name, attributes, events, status }))
  return JSON.stringify([spans, metricExporter.getMetrics().map(({ scopeMetrics }) => scopeMetrics)])
}

/** One row of four is refused, and so is the first batch. */
async function carryOut(config: object): Promise<LocalWorld> {
  const world = await openWorld({
    config: { limits: { maxRequests: 2 }, ...config },
    faults: ['run:1=queue-full'],
  })
  const refused = JSON.stringify({ id: SECRET, text: `${SECRET} [[simulate: refusal]]` })
  await world.write(`${SECRET}.jsonl`, `${questions(3, SECRET)}${refused}\n`)
  const words = ['run', `${SECRET}.jsonl`, '--model', 'openai/gpt-6-luna', '--name', SECRET, '--id-column', 'id']
  const prompt = ['--prompt', `${SECRET} {{text}}`, '-o', `${SECRET}-out.jsonl`]
  expectExit(await typeHere(world, ...words, ...prompt), 4)
  return world
}

describe('a run that OpenTelemetry hears of', () => {
  it('is one trace with its stages, in which a batch holds its own and links what it replaces, without any text of the user', async () => {
    await carryOut({})
    const [root] = spansOf('run')
    expect(root?.parentSpanContext).toBeUndefined()
    const traces = new Set(spanExporter.getFinishedSpans().map((span) => span.spanContext().traceId))
    expect(traces).toEqual(new Set([root?.spanContext().traceId]))
    for (const name of ['plan', 'take_up', 'drive', 'write']) {
      expect(spansOf(name).map((span) => span.parentSpanContext?.spanId)).toEqual([idOf(root)])
    }
    const batches = spansOf('batch')
    const refused = batches.find(({ attributes }) => attributes['llm_batch.batch.stage'] === 'rejected')
    const collected = batches.filter(({ attributes }) => attributes['llm_batch.batch.stage'] === 'collected')
    expect([batches.length, collected.length]).toEqual([3, 2])
    const number = 'llm_batch.batch.number'
    const next = collected.find(({ attributes }) => attributes[number] === refused?.attributes[number])
    expect(next?.links.map(({ context: linked }) => linked.spanId)).toEqual([
      idOf(refused),
      idOf(spansOf('take_up')[0]),
    ])
    expect(next?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-6-luna',
      'llm_batch.batch.attempt': 2,
      'llm_batch.requests': 2,
    })
    for (const stage of ['upload', 'create', 'wait', 'collect']) {
      const parents = spansOf(stage).map((span) => span.parentSpanContext?.spanId)
      expect(parents).toEqual(expect.arrayContaining(collected.map(idOf)))
    }
    expect(await readMetric('llm_batch.rows', 'llm_batch.outcome')).toEqual({ succeeded: 3, refused: 1 })
    expect(await readMetric('llm_batch.batches', 'llm_batch.batch.stage')).toEqual({ collected: 2, rejected: 1 })
    expect(await readMetric('llm_batch.runs', 'llm_batch.run.state')).toEqual({ completed: 1 })
    expect(await readMetric('gen_ai.client.token.usage', 'gen_ai.token.type')).toEqual({
      input: expect.any(Number),
      output: expect.any(Number),
    })
    expect(Number((await readMetric('llm_batch.cost'))[''])).toBeGreaterThan(0)
    expect(Number((await readMetric('llm_batch.polls'))[''])).toBeGreaterThanOrEqual(3)
    expect(await toldText()).not.toContain(SECRET)
  })

  it('has the texts of the user where they are asked for, and is not told of at all where that is turned off', async () => {
    await carryOut({ telemetry: { userText: true } })
    expect(spansOf('run')[0]?.attributes).toMatchObject({ 'llm_batch.run.name': SECRET })
    expect(spansOf('write')[0]?.attributes['llm_batch.run.output_path']).toContain(`${SECRET}-out.jsonl`)
    spanExporter.reset()
    await carryOut({ telemetry: false })
    expect(spanExporter.getFinishedSpans()).toEqual([])
  })

  it('stands below the span of its program, and goes on in its trace when another process takes it up', async () => {
    context.setGlobalContextManager(new ContextThroughPromises())
    const world = await openWorld({ durations: { runMs: 3_600_000 } })
    const run = await startRun({
      input: [{ text: `${SECRET} nonce:a` }],
      model: 'mistral/mistral-small-latest',
      prompt: '{{text}}',
      ...placeOf(world),
    })
    const activeSpans = new Set<string | undefined>()
    run.on('event', ({ type }) => {
      if (type !== 'prepared') activeSpans.add(trace.getActiveSpan()?.spanContext().spanId)
    })
    const queued = await trace.getTracer('program').startActiveSpan('work of the program', async (span) => {
      await run.submit()
      span.end()
      return await readMetric('llm_batch.queue.requests', 'gen_ai.provider.name', 'gen_ai.request.model')
    })
    await run.close()
    expect(queued).toEqual({})
    // Whatever an SDK tells of HTTP calls by itself stands below it.
    expect(activeSpans).toEqual(new Set([idOf(spansOf('run')[0])]))
    const [around] = spanExporter.getFinishedSpans().filter(({ name }) => name === 'work of the program')
    expect(spansOf('run')[0]?.parentSpanContext?.spanId).toBe(idOf(around))
    await using worker = await startWorker(placeOf(world))
    await expect
      .poll(() => readMetric('llm_batch.queue.requests', 'gen_ai.provider.name', 'gen_ai.request.model'))
      .toMatchObject({ 'mistral_ai mistral-small-latest': 1 })
    await worker.close()
    expect(spansOf('take_up')).toHaveLength(1)
    expect(await toldText()).not.toContain(SECRET)
  })

  it('is not told of where its work began before an SDK was set up', async () => {
    trace.disable()
    metrics.disable()
    const world = await openWorld({ durations: { runMs: 3_600_000 } })
    const input = await world.write('rows.jsonl', questions(2))
    const words = [
      'run',
      input,
      '--model',
      'openai/gpt-6.1-terra',
      '--prompt',
      '{{text}}',
      '-o',
      'out.jsonl',
      '--no-wait',
    ]
    expectExit(await typeHere(world, ...words), 75)
    await using worker = await startWorker(placeOf(world))
    await reader.shutdown()
    setUp()
    const api = await findTelemetryApi()
    if (api) measuresOf(api)
    const queues = await readMetric('llm_batch.queue.requests', 'gen_ai.provider.name', 'gen_ai.request.model')
    expect(Object.keys(queues)).not.toContain('openai gpt-6.1-terra')
    await worker.close()
  })
})

/** What SDKs for Node bring. */
class ContextThroughPromises implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }

  with<Parameters extends unknown[], Work extends (...parameters: Parameters) => ReturnType<Work>>(
    active: Context,
    work: Work,
    self?: ThisParameterType<Work>,
    ...parameters: Parameters
  ): ReturnType<Work> {
    return this.#storage.run(active, () => work.call(self, ...parameters))
  }

  bind<Target>(_context: Context, target: Target): Target {
    return target
  }

  enable(): this {
    return this
  }

  disable(): this {
    return this
  }
}
