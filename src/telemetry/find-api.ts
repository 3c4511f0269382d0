/** The API of OpenTelemetry, as the program or its environment has it. */
export type TelemetryApi = typeof import('@opentelemetry/api')

/** The place where version 1 of the API, in whatever copy, keeps what an SDK registers; its copies find each other by it. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')

/**
 * The API where an SDK is set up in this process; null where none is, and then nothing is loaded. Asked anew each time,
 * because a program may set its SDK up late. Rejects with `ERR_MODULE_NOT_FOUND` where an SDK is set up and the package of
 * the API is not beside this one.
 */
export async function findTelemetryApi(): Promise<TelemetryApi | null> {
  return isTelemetrySetUp() ? await import('@opentelemetry/api') : null
}

/** True where an SDK is set up in this process. */
export function isTelemetrySetUp(): boolean {
  return isSetUp(Reflect.get(globalThis, REGISTERED))
}

/** True where spans or metrics go somewhere; a logger of the API alone counts not. */
function isSetUp(registered: unknown): registered is Registered {
  return typeof registered === 'object' && registered !== null && ('trace' in registered || 'metrics' in registered)
}

/** Has the SDK send what it holds, as far as it can be asked to: the API has no call for it, the providers of SDKs do. */
export async function forceFlush(): Promise<void> {
  const registered: unknown = Reflect.get(globalThis, REGISTERED)
  if (!isSetUp(registered)) return
  const { metrics, trace } = registered
  await Promise.all([trace?.getDelegate?.() ?? trace, metrics].map(async (provider) => provider?.forceFlush?.()))
}

/** Providers that an SDK may register, as far as they are used here. */
interface Registered {
  readonly trace?: Flushable & { getDelegate?(): Flushable }
  readonly metrics?: Flushable
}

interface Flushable {
  forceFlush?(): Promise<void>
}
