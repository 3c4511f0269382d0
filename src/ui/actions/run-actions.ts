import type { EventEmitter } from 'node:events'
import { type Adoption, adoptRemote } from '../../drive/adopt-remote.ts'
import { assertCancellable } from '../../drive/cancel.ts'
import { toldEvent } from '../../library/told.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { RunEvent } from '../../model/event.ts'
import { commandLine, inFlags, mention } from '../../model/options/mention.ts'
import { isFinished } from '../../model/run.ts'
import { type TakenRun, takeRun } from '../../prepare/start.ts'
import { usdOf } from '../../prices/micros.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { capRun } from '../../workspace/budget.ts'
import { workersAtWork } from '../../workspace/workers-at-work.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { AdoptionDone } from '../contract.ts'
import { tellReason } from '../runs/summary.ts'
import { DrivenRun } from './driven-run.ts'

/** Parts of the program around the page that actions need. */
export interface ActionPorts {
  /** Told of everything that happens to runs that this server works on. */
  readonly emitter: EventEmitter<{ event: [RunEvent] }>
  /** Told of an error that ended the work on a run after the page had its answer. */
  readonly onTrouble: (error: unknown) => void
}

/** A worker that has the run in hand lets go of it after each round. */
const TAKE_TRIES = 15
const TAKE_AGAIN_MS = 200

/**
 * Actions on runs, each as the command of the same name does it and with its refusals: the lock of the run, its cap, its
 * account. A run that is resumed or cancelled is left to the workers of the home where any are at work; otherwise this server
 * takes it further, until it is finished, held, or the server stops. Each returns what was done, in one sentence.
 */
export class RunActions {
  readonly #workspace: Workspace
  readonly #ports: ActionPorts
  readonly #stopping: AbortSignal
  /** Runs that this server works on, by their ids. */
  readonly #driven = new Map<string, DrivenRun>()
  /** Runs of which an action is under way. */
  readonly #acting = new Set<string>()

  /** `workspace` takes writes, unlike the one that the page looks at. */
  constructor(workspace: Workspace, ports: ActionPorts, stopping: AbortSignal) {
    this.#workspace = workspace
    this.#ports = ports
    this.#stopping = stopping
  }

  /** Asks for the run to be cancelled; who works on it carries that out, else this server. */
  async cancel(run: RunRecord): Promise<string> {
    const { id } = run
    return await this.#once(id, async () => {
      assertCancellable(run.state, id)
      assertNoLocalModel(run, 'cancel')
      const { store } = this.#workspace
      await store.requestCancel(id)
      if (this.#driven.has(id)) return `Run ${id} is being cancelled; what was finished is kept.`
      if (await store.isRunLocked(id)) return `The process that works on run ${id} was asked to cancel it.`
      if (await this.#hasWorkers()) return `Run ${id} is cancelled by the next worker that takes it up.`
      await this.#drive(id, new DrivenRun(this.#workspace, await this.#take(id), this.#ports.emitter))
      return await this.#tellStanding(id, 'is being cancelled by this server; what was finished is kept')
    })
  }

  /** Takes up held batches again and has the run go on. */
  async resume(run: RunRecord): Promise<string> {
    const { id, state } = run
    return await this.#once(id, async () => {
      if (isFinished(state)) throw finishedRun(run, commandLine('retry', id))
      assertNoLocalModel(run, 'resume')
      if (this.#driven.has(id)) return `This server works on run ${id} already.`
      const driven = new DrivenRun(this.#workspace, await this.#take(id), this.#ports.emitter)
      await driven.release()
      if (await this.#hasWorkers()) {
        driven.leave()
        return `Run ${id} is left to the workers of this home, which go on with it.`
      }
      await this.#drive(id, driven)
      return await this.#tellStanding(
        id,
        'goes on, worked on by this server until it is finished or the server is stopped',
      )
    })
  }

  /** Sets the most that the run may cost. What was held for want of budget goes on when the run does. */
  async cap(run: RunRecord, maxCostUsd: number): Promise<string> {
    const { id } = run
    return await this.#once(id, async () => {
      if (isFinished(run.state)) throw finishedRun(run, commandLine('retry', id))
      const driven = this.#driven.get(id)
      await driven?.stop()
      const taken = await this.#take(id)
      try {
        await assertAboveSpent(taken, maxCostUsd)
        await capRun(this.#workspace, taken.store, maxCostUsd)
      } finally {
        if (driven) await this.#drive(id, new DrivenRun(this.#workspace, taken, this.#ports.emitter))
        else taken.lock.release()
      }
      const { state } = await taken.store.record()
      const next = state === 'held' ? ' It is still held; resume it to have it go on.' : ''
      return `Run ${id} may cost $${maxCostUsd} now.${next}`
    })
  }

  /** Takes over batches that another home made of the same work; without ids all that fit. Reads only at the provider. */
  async adopt(run: RunRecord, ids: readonly string[]): Promise<Omit<AdoptionDone, 'run'>> {
    const { id, name } = run
    return await this.#once(id, async () => {
      const { lock, store } = await this.#take(id)
      const { emitter } = this.#ports
      try {
        const adoption = await adoptRemote(
          this.#workspace,
          store,
          ids,
          (happening) => emitter.emit('event', toldEvent({ run: id, name, ...happening }, inFlags)),
          this.#stopping,
        )
        return toldAdoption(id, adoption)
      } finally {
        lock.release()
      }
    })
  }

  /** Stops what this server works on, and returns the ids of those runs. Nothing is cancelled at the provider. */
  async stop(): Promise<readonly string[]> {
    const ids = [...this.#driven.keys()]
    await Promise.all([...this.#driven.values()].map(async (driven) => driven.stop()))
    return ids
  }

  /** Two pages, or two clicks, do not do something to a run at the same time. */
  async #once<Result>(id: string, action: () => Promise<Result>): Promise<Result> {
    if (this.#acting.has(id)) {
      throw new LlmBatchError('busy', `something else is being done to run ${id} from the page`, {
        next: 'Wait until that is done.',
      })
    }
    this.#acting.add(id)
    try {
      return await action()
    } finally {
      this.#acting.delete(id)
    }
  }

  async #take(id: string): Promise<TakenRun> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await takeRun(this.#workspace, id)
      } catch (error) {
        const isBusy = LlmBatchError.isInstance(error) && error.code === 'busy'
        if (!isBusy || tries >= TAKE_TRIES || this.#stopping.aborted) throw error
        await this.#workspace.clock.sleep(TAKE_AGAIN_MS, this.#stopping)
      }
    }
  }

  async #drive(id: string, driven: DrivenRun): Promise<void> {
    this.#driven.set(id, driven)
    await driven.begin((error) => {
      if (this.#driven.get(id) === driven) this.#driven.delete(id)
      if (error !== null) this.#ports.onTrouble(error)
    })
  }

  async #hasWorkers(): Promise<boolean> {
    return (await workersAtWork(this.#workspace)).length > 0
  }

  /** Where the run stands after its first moments: at its end, held, or as was wished. */
  async #tellStanding(id: string, wished: string): Promise<string> {
    const { reason, state } = await this.#workspace.store.read(id).record()
    if (state === 'held') return `Run ${id} stays held${reason === null ? '' : `: ${tellReason(reason)}`}.`
    return `Run ${id} ${isFinished(state) ? `is ${state}` : wished}.`
  }
}

/** What only the command itself executes would wait for ever here. */
function assertNoLocalModel({ definition, id }: RunRecord, command: 'cancel' | 'resume'): void {
  if (definition.local === undefined) return
  const message = `run ${id} asks the model server at ${definition.baseUrl}, which only a command of its own does`
  throw new LlmBatchError('usage', message, { next: `Type: ${commandLine(command, id)}` })
}

function finishedRun({ id, state }: RunRecord, retry: string): LlmBatchError {
  return new LlmBatchError('usage', `run ${id} is ${state}; nothing of it is left to do`, {
    next: `Send rows without a usable answer again with: ${retry}`,
  })
}

/** A cap below what is spent would only hold the run; such a cap is a mistake. */
async function assertAboveSpent({ store }: TakenRun, maxCostUsd: number): Promise<void> {
  const { run } = await store.spending(0)
  const spentUsd = usdOf(run.settled + run.reserved)
  if (maxCostUsd > spentUsd) return
  const message = `run ${store.id} has spent or set aside $${spentUsd}; a cap of $${maxCostUsd} would not let it go on`
  throw new LlmBatchError('usage', message, { next: `Name more than that, as with ${mention('maxCost')}.` })
}

function toldAdoption(id: string, { adopted, doubt, extra, unsent }: Adoption): Omit<AdoptionDone, 'run'> {
  const rest = unsent === 0 ? '' : `; ${unsent} of its batches are still to be sent`
  const message =
    adopted.length === 0
      ? `No batch at the provider has the work of an unsent batch of run ${id}.`
      : `Run ${id} has taken over ${adopted.map(({ remoteId }) => remoteId).join(', ')}${rest}. Resume it to collect the answers.`
  return { message, adopted, extra, doubt }
}
