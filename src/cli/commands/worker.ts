import { type Command, Option } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { DEFAULT_CONCURRENCY, Worker, type WorkerNews } from '../../library/worker.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import { inFlags } from '../../model/options/mention.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import type { WaitingRun } from '../../store/port/run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { Hooks } from '../drive/hooks.ts'
import { Interruption } from '../drive/interruption.ts'
import { RunEvents } from '../drive/run-events.ts'
import { asKnownError } from '../exit-code.ts'
import { countFlag, countOrZeroFlag } from '../flags/flag-values.ts'
import { LOOPBACK } from '../flags/listening-flags.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { USUAL_PAGE_PORT } from '../page/page-port.ts'
import { renderError } from '../render/views/error-view.ts'
import { needsPerson, renderTicked } from '../render/views/tick-view.ts'
import type { Shell } from '../shell.ts'
import { startHealthServer } from '../worker/health-server.ts'
import { metricsText } from '../worker/metrics.ts'

interface WorkerFlags extends OptionsOf<'worker'> {
  readonly concurrency: number
  readonly once?: boolean | undefined
  readonly port?: number | undefined
  readonly ui?: number | true | undefined
  readonly allowActions?: boolean | undefined
}

/** A worker that has not read the catalog for so long is not at work. */
const STALLED_MS = 60_000

/** `llm-batch worker`: carries out all runs of the home until it is stopped; any number of them work on one database. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'worker')
    .option('--once', 'exit when no run is left that this worker can take further')
    .addOption(
      new Option('--concurrency <n>', 'runs that are worked on at once, besides those whose batches are waited for')
        .argParser(countFlag)
        .default(DEFAULT_CONCURRENCY),
    )
    .addOption(
      new Option('--port <n>', 'answer /healthz and /metrics on this port (default: no port)').argParser(
        countOrZeroFlag,
      ),
    )
    .option('--ui [port]', `show the page about the runs, at ${USUAL_PAGE_PORT} or a free port`, countOrZeroFlag)
    .option('--allow-actions', 'let the page cancel and resume runs, set caps, and take over batches')
    .action(async (flags: WorkerFlags) => {
      setExitCode(await withHome(shell, flags, (workspace) => work(shell, workspace, flags)))
    })
}

async function work(shell: Shell, workspace: Workspace, flags: WorkerFlags): Promise<number> {
  if (flags.allowActions === true && flags.ui === undefined) {
    throw new LlmBatchError('usage', '--allow-actions is about the page, and there is none', { next: 'Add --ui.' })
  }
  const events = await RunEvents.open(shell, workspace, { events: flags.events, namesRuns: true })
  const hooks = await Hooks.open(shell, workspace, events, flags)
  const interruption = new Interruption(shell, systemClock)
  const worker = new Worker(workspace, {
    concurrency: flags.concurrency,
    isOnce: flags.once === true,
    emitter: events.emitter,
    words: inFlags,
    tell: (news) => tellNews(shell, hooks, flags, news),
  })
  const page = await showPage(shell, workspace, events, flags)
  const health = flags.port === undefined ? undefined : await serveHealth(shell, workspace, worker, flags.port)
  try {
    await interruption.during('The next worker goes on from here.', (signal) => worker.work(signal))
    if (flags.once !== true) return EXIT.ok
    return interruption.isStopped ? EXIT.interrupted : exitCodeOf(await workspace.store.waitingRuns())
  } finally {
    health?.close()
    await page?.close()
    interruption.end()
    await hooks.settled(interruption)
    await events.flushed()
  }
}

async function showPage(shell: Shell, workspace: Workspace, events: RunEvents, flags: WorkerFlags) {
  if (flags.ui === undefined) return undefined
  // Most workers show none, and start without what it needs.
  const { startPage } = await import('../page/start-page.ts')
  const page = await startPage(shell, workspace, {
    address: LOOPBACK,
    port: flags.ui === true ? undefined : flags.ui,
    events: flags.allowActions === true ? events : null,
  })
  shell.tell(`Page about the runs: ${page.openUrl}`)
  return page
}

async function serveHealth(shell: Shell, { clock, store }: Workspace, worker: Worker, port: number) {
  const startedAt = clock.now()
  const server = await startHealthServer(port, {
    isWell: () => clock.now() - (worker.counts.lookedAt ?? startedAt) < STALLED_MS,
    metrics: () => metricsText(store, worker.counts),
  })
  shell.tell(`Health and metrics: http://localhost:${server.port}/healthz, /metrics`)
  return server
}

async function tellNews(shell: Shell, hooks: Hooks, flags: WorkerFlags, news: WorkerNews): Promise<void> {
  if (news.kind === 'left') return shell.tell(`Run ${news.run} is left to other workers: ${news.why}.`)
  if (news.kind === 'trouble') {
    return shell.tell(`Run ${news.run}: ${renderError(asKnownError(news.error), shell.errorColors)}`)
  }
  const ticked = { ...news.report, isElsewhere: false, error: null }
  if (flags.quiet !== true || needsPerson(ticked)) shell.tell(renderTicked(ticked, shell.errorColors))
  await hooks.tell(news.report)
}

/** As `tick` has it: a held run first, then one that is not finished. */
function exitCodeOf(waiting: readonly WaitingRun[]): number {
  if (waiting.some(({ state }) => state === 'held')) return EXIT.held
  return waiting.some(({ state }) => state !== 'open') ? EXIT.unfinished : EXIT.ok
}
