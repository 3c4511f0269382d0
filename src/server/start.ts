import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import pLimit from 'p-limit'
import { assertRuntime } from '../config/runtime.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { systemRandom } from '../lib/random.ts'
import { BatchRunner } from './batch/batch-runner.ts'
import { FaultInjector } from './faults/injector.ts'
import { buildApp } from './http/app.ts'
import { playedHost } from './openai/host.ts'
import { DEFAULT_DURATIONS, type LocalServer, type LocalServerOptions } from './options.ts'
import { PromptCaches } from './prompt-caches.ts'
import { checkedShares, parseAnswerShares } from './simulate/answer-mix.ts'
import type { Simulator } from './simulator.ts'
import { readLedger } from './state/ledger.ts'
import { isFinal } from './state/record.ts'
import { State } from './state/state.ts'

/**
 * Starts a batch server on 127.0.0.1 that speaks the batch APIs of several providers and answers with simulated texts.
 * It keeps everything below its folder and goes on where an earlier server on the same folder stopped.
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  assertRuntime()
  const simulator = await buildSimulator(options)
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

async function buildSimulator(options: LocalServerOptions): Promise<Simulator> {
  const state = await State.open(options.disk ?? systemDisk, options.folder, options.seed, systemRandom)
  const { answers = {}, maxRequests, maxBytes, queueRequests, queueTokens } = options
  return {
    state,
    clock: options.clock ?? systemClock,
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
