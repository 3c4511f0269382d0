import { EventEmitter } from 'node:events'
import { loadConfiguration } from '../../src/config/configuration.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { type Disk, systemDisk } from '../../src/lib/disk.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { RunHandle } from '../../src/library/handle.ts'
import { toldEvent } from '../../src/library/told.ts'
import type { RunEvent } from '../../src/model/event.ts'
import { inProperties } from '../../src/model/options/mention.ts'
import { PLAIN_OUTPUT } from '../../src/model/run.ts'
import { takeNewRun, takeRun } from '../../src/prepare/start.ts'
import { findRun } from '../../src/workspace/find-run.ts'
import { openWorkspace, type Workspace } from '../../src/workspace/workspace.ts'
import { answersPath, MODELS, type ProviderName } from './fault-run.ts'
import type { LocalWorld } from './local-world.ts'

/** What a test puts in place of the machine. */
export interface PlaceParts {
  readonly clock?: Clock
  readonly disk?: Disk
  readonly environment?: Readonly<Record<string, string>>
  /** In place of the adapters of the registry. */
  readonly connect?: Workspace['connect']
}

/** One home, opened as a process would, with a clock or a disk of the test's own. The test closes it. */
export async function openPlace(world: LocalWorld, parts: PlaceParts = {}): Promise<Workspace> {
  const { clock = systemClock, disk = systemDisk } = parts
  const environment = { ...world.environment, ...parts.environment }
  const configuration = await loadConfiguration({
    flags: {},
    environment,
    workingFolder: world.folder,
    disk,
    userFolder: world.home,
  })
  const workspace = await openWorkspace({ configuration, environment, disk, clock, random: systemRandom })
  return parts.connect ? { ...workspace, connect: parts.connect } : workspace
}

/** Opens a home, does the work, and leaves it as a process that ends does. */
export async function inPlace<Result>(
  world: LocalWorld,
  parts: PlaceParts,
  open: (workspace: Workspace) => Promise<HandledRun>,
  work: (run: HandledRun, workspace: Workspace) => Promise<Result>,
): Promise<Result> {
  const workspace = await openPlace(world, parts)
  try {
    const run = await open(workspace)
    try {
      return await work(run, workspace)
    } finally {
      run.handle.close()
    }
  } finally {
    await workspace.close()
  }
}

/** A run in the hands of this process, with everything that happens to it. */
export interface HandledRun {
  readonly handle: RunHandle
  readonly events: readonly RunEvent[]
}

/** Makes a run from the rows of `rows.jsonl`; nothing is sent yet. */
export async function newRunIn(
  world: LocalWorld,
  workspace: Workspace,
  provider: ProviderName,
  rows: string,
): Promise<HandledRun> {
  const { emitter, events } = listening()
  const path = await world.write('rows.jsonl', rows)
  const taken = await takeNewRun(
    workspace,
    {
      input: { source: { path } },
      model: MODELS[provider],
      prompt: '{{text}}',
      output: { ...PLAIN_OUTPUT, path: answersPath(world), force: true },
    },
    (happening) => emitter.emit('event', toldEvent(happening, inProperties)),
  )
  return { handle: new RunHandle(workspace, taken, emitter), events }
}

/** Takes up the latest run of a home. */
export async function lastRunIn(workspace: Workspace): Promise<HandledRun> {
  const { emitter, events } = listening()
  const { id } = await findRun(workspace.store, 'last')
  return { handle: new RunHandle(workspace, await takeRun(workspace, id), emitter), events }
}

function listening() {
  const emitter = new EventEmitter<{ event: [RunEvent] }>()
  const events: RunEvent[] = []
  emitter.on('event', (event) => events.push(event))
  return { emitter, events }
}
