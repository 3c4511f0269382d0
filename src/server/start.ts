import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import pLimit from 'p-limit'
import { assertRuntime } from '../config/runtime.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { systemRandom } from '../lib/random.ts'
import { BatchRunner } from './batch/batch-runner.ts'
import type { Executor } from './batch/executor.ts'
import { FaultInjector } from './faults/injector.ts'
import { buildApp } from './http/app.ts'
import { playedHost } from './openai/host.ts'
import { DEFAULT_DURATIONS, type LocalServer, type LocalServerOptions } from './options.ts'
import { PromptCaches } from './prompt-caches.ts'
import { checkedShares, parseAnswerShares } from './simulate/answer-mix.ts'
import { SIMULATED } from './simulate/simulated-executor.ts'
import type { Simulator } from './simulator.ts'
import { readLedger } from './state/ledger.ts'
import { DIALECTS, type DialectName, isFinal } from './state/record.ts'
import { State } from './state/state.ts'
import type { UpstreamOptions } from './upstream/options.ts'
import { UpstreamExecutor } from './upstream/upstream-executor.ts'

/**
 * Starts a batch server on 127.0.0.1 that speaks the batch APIs of several providers and answers with simulated texts.
 * It keeps everything below its folder and goes on where an earlier server on the same folder stopped.
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  return await startServer(options, { dialects: DIALECTS, executor: () => SIMULATED })
}

/** Options of a server whose batches are executed by a server of models. */
export interface UpstreamServerOptions
  extends UpstreamOptions,
    Pick<
      LocalServerOptions,
      'folder' | 'port' | 'acceptedKeys' | 'maxRequests' | 'maxBytes' | 'queueTokens' | 'onFailure' | 'clock' | 'disk'
    > {
  /** From creation until a batch expires; undefined for the window it was created with. */
  readonly expireAfterMs?: number | undefined
}

/** A running server of batches that a server of models executes. */
export interface UpstreamServer extends LocalServer {
  /** The root of its one API. */
  readonly baseUrl: string
}

/**
 * Starts the same server, in the dialect of OpenAI alone, with a server of models behind it: batches are executed for real.
 * A server on the same folder goes on with the rows that have no answer yet.
 */
export async function startUpstreamServer(options: UpstreamServerOptions): Promise<UpstreamServer> {
  const { expireAfterMs = null, ...rest } = options
  const durations = { validateMs: 0, runMs: 0, finalizeMs: 0, cancelMs: 0, expireAfterMs }
  const server = await startServer(
    { ...rest, durations },
    { dialects: ['openai'], executor: (clock) => new UpstreamExecutor(clock, options) },
  )
  return { ...server, baseUrl: server.openaiUrl }
}

/** Manner in which a server answers, and its APIs. */
interface Execution {
  readonly dialects: readonly DialectName[]
  readonly executor: (clock: Clock) => Executor
}

async function startServer(options: LocalServerOptions, execution: Execution): Promise<LocalServer> {
  assertRuntime()
  const simulator = await buildSimulator(options, execution)
  const runner = new BatchRunner(simulator)
  const app = buildApp(simulator, runner, options)
  // The SDKs that a test drives in the same process must keep the platform's own Request and Response.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createServer((request, response) => void listener(request, response))
  const url = await listen(server, options.port ?? 0)
  runner.startAll()
  return {
    url,
    openaiUrl: `${url}/openai/v1`,
    mistralUrl: `${url}/mistral/v1`,
    anthropicUrl: `${url}/anthropic`,
    geminiUrl: `${url}/gemini/v1beta`,
    xaiUrl: `${url}/xai/v1`,
    ledger: () => readLedger(simulator.state),
    drain: () => runner.drain(),
    firedFaults: () => simulator.faults.fired,
    setFaults: (faults) => simulator.faults.set(faults),
    close: () => close(server, runner),
  }
}

async function buildSimulator(options: LocalServerOptions, execution: Execution): Promise<Simulator> {
  const state = await State.open(options.disk ?? systemDisk, options.folder, options.seed, systemRandom)
  const { answers = {}, maxRequests, maxBytes, queueRequests, queueTokens } = options
  const clock = options.clock ?? systemClock
  return {
    state,
    executor: execution.executor(clock),
    dialects: execution.dialects,
    clock,
    durations: { ...DEFAULT_DURATIONS, ...options.durations },
    overrides: { maxRequests, maxBytes, queueRequests, queueTokens },
    faults: new FaultInjector(state.seed, options.faults ?? []),
    caches: new PromptCaches((id) => isFinal(state.batches.get(id)?.phase ?? 'completed')),
    executions: new Map(),
    answers: {
      shares: typeof answers === 'string' ? parseAnswerShares(answers) : checkedShares(answers),
      seed: state.seed,
    },
    validations: pLimit(1),
    answer: options.answer,
    host: playedHost(options.peculiarities ?? []),
    models: options.models ?? {},
    uploadNames: options.uploadNames ?? 'jsonl',
    streamRefuses: options.streamRefuses ?? 'row',
    onFailure: options.onFailure,
    webhook: options.webhook,
  }
}

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no TCP port')
  return `http://127.0.0.1:${address.port}`
}

async function close(server: Server, runner: BatchRunner): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await runner.close()
  await closed
}
