import type { Context, Link, Span, SpanContext, Tracer } from '@opentelemetry/api'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import { isAskedDirectly } from '../model/batch.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import type { Happening, RunEvent, SettledBatch } from '../model/event.ts'
import { isFinished } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import { VERSION } from '../version.ts'
import type { TelemetryApi } from './find-api.ts'
import { type Measures, measuresOf } from './measures.ts'
import { ATTRIBUTES, SPANS, TEXT_ATTRIBUTES } from './names.ts'
import {
  errorAttributes,
  happeningAttributes,
  modelAttributes,
  runAttributes,
  type SeenRun,
  settledAttributes,
  type Telling,
} from './run-attributes.ts'
import { type KeptSpan, keepSpan, readKeptSpans } from './trace-file.ts'

/** A run that this process works on, and what is needed to tell of it. */
export interface SittingOptions extends Telling {
  readonly run: SeenRun
  /** The file of the run that keeps spans for other processes. */
  readonly path: string
  readonly disk: Disk
  readonly clock: Clock
  /** When this process had made the run, in epoch milliseconds; null where it only takes it up. */
  readonly preparedAt: number | null
}

/** The most links of a span: SDKs keep 128 unless told otherwise. */
const MOST_LINKS = 100

/** Runs that this process has taken up, by the paths of their files: told once, however many rounds it works on them. */
const takenUp = new Set<string>()

/**
 * The time in which a process works on a run, told as spans and metrics from the events of the run. Every span of a run is in
 * one trace, whichever process made it. Nothing here throws, and nothing is waited for but the file of the trace at the end.
 */
export class Sitting {
  readonly #api: TelemetryApi
  readonly #options: SittingOptions
  readonly #tracer: Tracer
  readonly #measures: Measures
  /** In which all spans of the run are made. */
  readonly #within: Context
  /** The span of the program around, where it belongs to another trace. */
  readonly #around: SpanContext | undefined
  readonly #kept: KeptSpan[]
  readonly #startedAt: number
  #drive: Span | undefined
  #writing: Promise<void> = Promise.resolve()

  private constructor(api: TelemetryApi, options: SittingOptions, root: SpanContext, kept: readonly KeptSpan[]) {
    const active = api.context.active()
    const around = api.trace.getSpanContext(active)
    this.#api = api
    this.#options = options
    this.#tracer = tracerOf(api)
    this.#measures = measuresOf(api)
    this.#within = api.trace.setSpanContext(active, root)
    this.#around = around?.traceId === root.traceId ? undefined : around
    this.#kept = [...kept]
    this.#startedAt = options.clock.now()
  }

  /** Begins to tell of a run: in the trace that it has, else in a new one, below the active span of the program. */
  static async begin(api: TelemetryApi, options: SittingOptions): Promise<Sitting> {
    const kept = await readKeptSpans(options.disk, options.path).catch((error: unknown) => {
      api.diag.warn(`llm-batch: the trace of run ${options.run.id} could not be read: ${messageOf(error)}`)
      return []
    })
    const found = kept.find(({ span }) => span === 'run')
    if (found) return new Sitting(api, options, found.context, kept)
    const context = startTrace(api, options)
    const sitting = new Sitting(api, options, context, kept)
    sitting.#keep({ span: 'run', at: options.clock.now(), batch: null, context })
    return sitting
  }

  /** Carries work out so that spans of others, such as those of HTTP calls, stand in the trace of the run. */
  async within<Result>(work: () => Promise<Result>): Promise<Result> {
    return await this.#api.context.with(this.#within, work)
  }

  /** Tells what happened; `told` is the same in words. Never throws. */
  hear(happening: Happening, told: RunEvent): void {
    try {
      this.#hear(happening, told)
    } catch (error) {
      this.#api.diag.error(`llm-batch: an event of run ${this.#options.run.id} was not told`, error)
    }
  }

  /** Counts a look at a batch of a target. */
  hearLook(target: Target): void {
    this.#measures.countLook(modelAttributes(target, this.#options))
  }

  /** Ends the sitting, with what ended it early where something did. */
  async end(failure?: { readonly error: unknown }): Promise<void> {
    if (failure) this.#tellFailure(failure.error)
    this.#drive?.end(new Date(this.#options.clock.now()))
    await this.#writing
  }

  #hear(happening: Happening, told: RunEvent): void {
    this.#measures.count(happening)
    switch (happening.type) {
      case 'prepared':
        return
      case 'settled':
        this.#openDrive()
        this.#measures.countSettled(happening, this.#options)
        return this.#tellSettled(happening)
      case 'written':
        this.#openDrive()
        return this.#tellWritten(happening)
      case 'run':
        // Each round of a worker ends with one; most say nothing.
        if (!isFinished(happening.state) && happening.state !== 'held' && this.#drive === undefined) return
        return this.#note(happening, told)
      case 'batch':
        this.#openDrive()
        return happening.stage === 'held' ? this.#note(happening, told) : undefined
      case 'warning':
      case 'incident':
        return this.#note(happening, told)
      default:
        return happening satisfies never
    }
  }

  /** The span of this sitting, made with the first thing that happens in it, and what says that it began. */
  #openDrive(): Span {
    this.#takeUp()
    this.#drive ??= this.#tracer.startSpan(
      SPANS.drive,
      {
        startTime: new Date(this.#startedAt),
        attributes: runAttributes(this.#options.run, this.#options),
        links: this.#takeUpLinks(this.#startedAt),
      },
      this.#within,
    )
    return this.#drive
  }

  /** Told at once: of a process that is killed, a span that has not ended is never told. */
  #takeUp(): void {
    const { clock, path, run } = this.#options
    if (takenUp.has(path)) return
    takenUp.add(path)
    const last = this.#kept.findLast(({ span }) => span === 'take_up')
    const links = [last?.context, this.#around].flatMap((context) => (context ? [{ context }] : []))
    const attributes = runAttributes(run, this.#options)
    const span = this.#tracer.startSpan(SPANS.takeUp, { attributes, links }, this.#within)
    span.end()
    this.#keep({ span: 'take_up', at: clock.now(), batch: null, context: span.spanContext() })
  }

  #note(
    happening: Extract<Happening, { readonly type: 'batch' | 'incident' | 'run' | 'warning' }>,
    told: RunEvent,
  ): void {
    const drive = this.#openDrive()
    const attributes = happeningAttributes(happening, told, this.#options)
    drive.addEvent(`llm_batch.${happening.type}`, attributes, new Date(this.#options.clock.now()))
    if (happening.type !== 'run') return
    drive.setAttribute(ATTRIBUTES.runState, happening.state)
    if (happening.state === 'held') drive.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: 'held' })
  }

  /** A batch with its stages: made at its end from the instants that the catalog has, whichever processes came by. */
  #tellSettled(settled: SettledBatch): void {
    const now = this.#options.clock.now()
    const plannedAt = Date.parse(settled.plannedAt)
    const replaced = this.#kept.filter(({ batch, span }) => span === 'batch' && batch === settled.batch)
    const span = this.#tracer.startSpan(
      SPANS.batch,
      {
        kind: this.#api.SpanKind.CLIENT,
        startTime: new Date(plannedAt),
        attributes: settledAttributes(settled, this.#options.run, this.#options),
        links: [...replaced.map(({ context }) => ({ context })), ...this.#takeUpLinks(plannedAt)].slice(-MOST_LINKS),
      },
      this.#within,
    )
    const inside = this.#api.trace.setSpan(this.#within, span)
    for (const { from, name, to } of stagesOf(settled, now)) {
      const attributes = { [ATTRIBUTES.run]: this.#options.run.id, [ATTRIBUTES.batch]: settled.batch }
      this.#tracer.startSpan(name, { startTime: new Date(from), attributes }, inside).end(new Date(Math.max(from, to)))
    }
    if (settled.stage === 'rejected') span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: 'rejected' })
    span.end(new Date(Math.max(plannedAt, now)))
    if (settled.stage === 'collected') return
    this.#keep({ span: 'batch', at: now, batch: settled.batch, context: span.spanContext() })
  }

  #tellWritten({ path, rows, tookMs }: Extract<Happening, { readonly type: 'written' }>): void {
    const now = this.#options.clock.now()
    const attributes = {
      [ATTRIBUTES.run]: this.#options.run.id,
      [ATTRIBUTES.rows]: rows,
      ...(this.#options.tellsText ? { [TEXT_ATTRIBUTES.outputPath]: path } : {}),
    }
    const startTime = new Date(now - tookMs)
    this.#tracer.startSpan(SPANS.write, { startTime, attributes }, this.#within).end(new Date(now))
  }

  #tellFailure(error: unknown): void {
    const drive = this.#openDrive()
    const code = LlmBatchError.isInstance(error) ? error.code : error instanceof Error ? error.name : 'unknown'
    drive.setAttributes(errorAttributes(code, messageOf(error), this.#options))
    drive.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: code })
  }

  /** The processes that had the run since an instant: the one that had it then, and those that took it up later. */
  #takeUpLinks(since: number): Link[] {
    const all = this.#kept.filter(({ span }) => span === 'take_up')
    const first = all.findLastIndex(({ at }) => at <= since)
    return all.slice(Math.max(0, first)).map(({ context }) => ({ context }))
  }

  #keep(span: KeptSpan): void {
    const { disk, path, run } = this.#options
    if (!this.#api.isSpanContextValid(span.context)) return
    this.#kept.push(span)
    this.#writing = this.#writing
      .then(() => keepSpan(disk, path, span))
      .catch((error: unknown) => {
        this.#api.diag.warn(`llm-batch: the trace of run ${run.id} could not be kept: ${messageOf(error)}`)
      })
  }
}

function tracerOf(api: TelemetryApi): Tracer {
  return api.trace.getTracer('llm-batch', VERSION)
}

/** The span of the run: it ends with its planning, so that it is told whatever becomes of the process. */
function startTrace(api: TelemetryApi, options: SittingOptions): SpanContext {
  const { clock, preparedAt, run } = options
  const tracer = tracerOf(api)
  const attributes = runAttributes(run, options)
  const startTime = new Date(run.createdAt)
  const endTime = new Date(Math.max(run.createdAt, preparedAt ?? clock.now()))
  const span = tracer.startSpan(SPANS.run, { startTime, attributes })
  if (preparedAt !== null) {
    const inside = api.trace.setSpan(api.context.active(), span)
    tracer.startSpan(SPANS.plan, { startTime, attributes }, inside).end(endTime)
  }
  span.end(endTime)
  return span.spanContext()
}

interface PastStage {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** The stages that an attempt went through, each from the end of the one before, so that waiting for a turn is in them. */
function stagesOf(settled: SettledBatch, now: number): readonly PastStage[] {
  const { endedAt, plannedAt, stage, submittedAt, uploadedAt } = settled
  const ends = [
    { name: SPANS.upload, end: uploadedAt },
    { name: SPANS.create, end: submittedAt },
    { name: isAskedDirectly(settled) ? SPANS.call : SPANS.wait, end: endedAt },
    { name: SPANS.collect, end: stage === 'collected' ? new Date(now).toISOString() : null },
  ]
  const stages: PastStage[] = []
  let from = Date.parse(plannedAt)
  for (const { end, name } of ends) {
    if (end === null) continue
    const to = Date.parse(end)
    stages.push({ name, from, to })
    from = to
  }
  return stages
}
