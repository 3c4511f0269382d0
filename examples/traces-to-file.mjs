// Has OpenTelemetry write what llm-batch does to a file, a JSON line for each span and each reading of a metric:
//
//   npm install llm-batch @opentelemetry/api @opentelemetry/sdk-trace-base @opentelemetry/sdk-metrics
//   NODE_OPTIONS=--import=./traces-to-file.mjs TRACES=traces.jsonl npx llm-batch run ...
//
// To send the same to a collector, put the exporters of your SDK in the place of these.
import { AsyncLocalStorage } from 'node:async_hooks'
import { appendFileSync } from 'node:fs'
import { context, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'

const FILE = process.env.TRACES ?? 'traces.jsonl'
const EVERY_MS = Number(process.env.METRICS_EVERY_MS ?? 10_000)

const write = (line) => appendFileSync(FILE, `${JSON.stringify(line)}\n`)

/** Seconds since 1970, of the pair that the SDK has. */
const seconds = ([whole, nanoseconds]) => whole + nanoseconds / 1e9

const idsOf = ({ spanId, traceId }) => ({ traceId, spanId })

const spanExporter = {
  export(spans, done) {
    for (const span of spans) {
      write({
        span: span.name,
        ...idsOf(span.spanContext()),
        parent: span.parentSpanContext?.spanId ?? null,
        from: seconds(span.startTime),
        to: seconds(span.endTime),
        status: span.status,
        attributes: span.attributes,
        links: span.links.map(({ context: linked }) => idsOf(linked)),
        events: span.events.map(({ attributes, name }) => ({ name, attributes })),
      })
    }
    done({ code: 0 })
  },
  shutdown: async () => undefined,
}

const metricExporter = {
  export({ scopeMetrics }, done) {
    for (const { descriptor, dataPoints } of scopeMetrics.flatMap((scope) => scope.metrics)) {
      for (const { attributes, value } of dataPoints) write({ metric: descriptor.name, attributes, value })
    }
    done({ code: 0 })
  },
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
}

/** Hands the active span through promises; SDKs for Node bring one of these. */
class ContextThroughPromises {
  #storage = new AsyncLocalStorage()

  active() {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }

  with(active, work, self, ...parameters) {
    return this.#storage.run(active, () => work.call(self, ...parameters))
  }

  bind(bound, target) {
    return typeof target === 'function' ? (...parameters) => this.with(bound, target, undefined, ...parameters) : target
  }

  enable() {
    return this
  }

  disable() {
    return this
  }
}

context.setGlobalContextManager(new ContextThroughPromises())
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] }))
metrics.setGlobalMeterProvider(
  new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: EVERY_MS })],
  }),
)
