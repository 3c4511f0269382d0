import pLimit from 'p-limit'
import { BatchRunner } from '../../src/server/batch/batch-runner.ts'
import { createBatch } from '../../src/server/batch/create.ts'
import { ActiveFaults, FaultInjector } from '../../src/server/faults/injector.ts'
import { buildApp } from '../../src/server/http/app.ts'
import { storeInline } from '../../src/server/http/inline.ts'
import { playedHost } from '../../src/server/openai/host.ts'
import type { Durations } from '../../src/server/options.ts'
import { PromptCaches } from '../../src/server/prompt-caches.ts'
import { NO_FLAWS } from '../../src/server/simulate/answer-mix.ts'
import { SIMULATED } from '../../src/server/simulate/simulated-executor.ts'
import type { Simulator } from '../../src/server/simulator.ts'
import { DIALECTS, type DialectName, isFinal } from '../../src/server/state/record.ts'
import { State } from '../../src/server/state/state.ts'
import { Chance, randomOf } from './chance.ts'
import { immortal } from './life.ts'
import { ProcessDisk } from './process-disk.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The provider: the local server's application on virtual time and a disk of its own, reached without a socket. */
export interface SimulatedProvider {
  readonly app: ReturnType<typeof buildApp>
  readonly simulator: Simulator
  readonly runner: BatchRunner
}

/** Opens a provider whose batches take these times and whose calls meet these faults. */
export async function openProvider(options: {
  readonly time: VirtualTime
  readonly seed: number
  readonly durations: Durations
  readonly faults: readonly string[]
  /** The account of each key that does not belong to the usual one. */
  readonly accounts: Readonly<Record<string, string>>
}): Promise<SimulatedProvider> {
  const { accounts, durations, faults, seed, time } = options
  const life = immortal()
  const disk = new ProcessDisk(new SimulatedDisk(null), life)
  const state = await State.open(disk, '/provider', seed, randomOf(new Chance(seed)))
  const simulator: Simulator = {
    state,
    executor: SIMULATED,
    dialects: DIALECTS,
    clock: time.clockOf(life),
    durations,
    overrides: {},
    faults: new FaultInjector(seed, faults),
    caches: new PromptCaches((id) => isFinal(state.batches.get(id)?.phase ?? 'completed')),
    executions: new Map(),
    answers: NO_FLAWS,
    validations: pLimit(1),
    host: playedHost([]),
    models: {},
    uploadNames: 'jsonl',
    streamRefuses: 'row',
  }
  const runner = new BatchRunner(simulator)
  return { app: buildApp(simulator, runner, { accounts }), simulator, runner }
}

/** Puts finished batches of others into the account, as many colleagues leave them in an hour. */
export function addStrangers({ simulator }: SimulatedProvider, dialect: DialectName, count: number, now: number): void {
  for (let number = 0; number < count; number += 1) {
    const createdAtMs = now - 60_000 + number
    simulator.state.batches.note({
      ...simulator.state.newId(dialect, 'batch'),
      dialect,
      account: 'default',
      createdAtMs,
      isDeleted: false,
      endpoint: '/v1/chat/completions',
      model: dialect === 'openai' ? 'gpt-6-luna' : 'mistral-small-latest',
      inputFileIds: [`stranger-${number}`],
      isInline: false,
      metadata: null,
      expiresAtMs: createdAtMs + 86_400_000,
      outputLifeSeconds: null,
      phase: 'completed',
      enteredAtMs: { validating: createdAtMs, completed: createdAtMs },
      total: 4,
      succeeded: 4,
      failed: 0,
      queuedTokens: 0,
      inputTokens: 0,
      outputTokens: 0,
      problems: [],
      isExecuted: true,
      outputFileId: null,
      errorFileId: null,
      visibleAtMs: createdAtMs,
      isGatewayCopy: false,
      faults: [],
    })
  }
}

/** The model of a batch that another user has made. */
const TWIN_MODEL = 'model-of-another-user'

/** True for a batch that another user has made. */
export function isTwin({ model }: { readonly model: string | null }): boolean {
  return model === TWIN_MODEL
}

/** Makes a batch of another user of the account, of so many requests; it is executed like any other. */
export async function addTwin(
  { runner, simulator }: SimulatedProvider,
  dialect: DialectName,
  total: number,
): Promise<void> {
  const owner = { dialect, account: 'default' }
  const requests = Array.from({ length: total }, (_, index) => ({
    custom_id: `theirs-${index}`,
    body: { model: TWIN_MODEL, max_tokens: 9, messages: [{ role: 'user', content: `Theirs: ${index}` }] },
  }))
  const { id } = await storeInline({ simulator, runner, dialect }, owner, requests)
  const draft = {
    owner,
    endpoint: '/v1/chat/completions',
    model: TWIN_MODEL,
    inputFileIds: [id],
    isInline: true,
    metadata: null,
    windowMs: 86_400_000,
    outputLifeSeconds: null,
    total,
  }
  await createBatch(simulator, runner, draft, new ActiveFaults([]))
}
