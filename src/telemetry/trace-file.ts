import type { SpanContext } from '@opentelemetry/api'
import { appendLine } from '../lib/append-file.ts'
import type { Disk } from '../lib/disk.ts'
import { isJsonObject, type JsonObject, parseJson } from '../lib/json.ts'

/** A span that other processes are to find: the one of the run, of a process that took the run up, of a replaced attempt. */
export interface KeptSpan {
  readonly span: 'run' | 'take_up' | 'batch'
  /** When it ended, in epoch milliseconds. */
  readonly at: number
  /** The number of the batch; null for spans of another kind. */
  readonly batch: number | null
  readonly context: SpanContext
}

/** The spans that were kept of a run, oldest first; a line that is damaged is left out. */
export async function readKeptSpans(disk: Disk, path: string): Promise<readonly KeptSpan[]> {
  const text = (await disk.readText(path)) ?? ''
  return text.split('\n').flatMap((line) => keptSpanOf(line) ?? [])
}

/** Keeps a span with its run. Not forced to disk: a trace that breaks in two costs nothing. */
export async function keepSpan(disk: Disk, path: string, { at, batch, context, span }: KeptSpan): Promise<void> {
  const flags = context.traceFlags.toString(16).padStart(2, '0')
  const traceparent = `00-${context.traceId}-${context.spanId}-${flags}`
  const line = { at: new Date(at).toISOString(), span, ...(batch === null ? {} : { batch }), traceparent }
  await appendLine(disk, path, JSON.stringify(line))
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

function keptSpanOf(line: string): KeptSpan | null {
  const { at, batch, span, traceparent } = membersOf(line)
  const [, traceId, spanId, flags] = TRACEPARENT.exec(String(traceparent)) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  if (span !== 'run' && span !== 'take_up' && span !== 'batch') return null
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return { span, at: Date.parse(String(at)), batch: typeof batch === 'number' ? batch : null, context }
}

/** A line that a crash has cut is none. */
function membersOf(line: string): JsonObject {
  try {
    const value = parseJson(line)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}
