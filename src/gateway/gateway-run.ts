import { join } from 'node:path'
import type { Call } from '../calls/call.ts'
import { CallRun, type CallRunOptions } from '../calls/call-run.ts'
import type { Disk } from '../lib/disk.ts'
import type { SynchronousReply } from '../providers/provider.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { Journal, type KeptCall } from './journal.ts'

/** A call as it stands. */
export type CallState =
  | { readonly state: 'answered'; readonly reply: SynchronousReply; readonly at: Date }
  | { readonly state: 'queued' | 'in_progress' | 'cancelled'; readonly model: string; readonly at: Date }

/** A call that was handed over. */
export interface Submitted {
  /** Resolves when it is on stable storage. Rejects where it cannot be kept. */
  readonly kept: Promise<void>
  /** Rejects where the process ends the wait; the call stays. */
  readonly reply: Promise<SynchronousReply>
}

/** Place of the journals, on a disk of this machine. */
export interface JournalPlace {
  readonly disk: Disk
  readonly folder: string
}

export function journalPath({ folder }: JournalPlace, runId: string): string {
  return join(folder, `${runId}.jsonl`)
}

/** A run of calls that promises to keep what it has taken, from the first moment on. */
export class GatewayRun {
  readonly #run: CallRun
  readonly #journal: Journal
  readonly #workspace: Workspace
  readonly #createdAt: Date
  readonly #tell: (error: unknown) => void
  /** Calls that were handed over and are not answered. */
  readonly #open = new Map<string, { readonly model: string; readonly at: Date }>()
  /** In milliseconds of the monotonic clock. */
  #usedAt: number
  #isClosed = false

  /** Opens the run of this name, makes it where there is none, and goes on with what is open in it. */
  static async open(workspace: Workspace, options: CallRunOptions, place: JournalPlace): Promise<GatewayRun> {
    const run = await CallRun.open(workspace, options)
    try {
      const path = journalPath(place, run.id)
      const { journal, left } = await Journal.open(place.disk, path, (id) => run.isRow(id))
      const record = await workspace.store.findRun(run.id)
      const createdAt = new Date(record?.createdAt ?? workspace.clock.now())
      const opened = new GatewayRun(workspace, { run, journal, createdAt }, options.onTrouble)
      opened.#askAll(left)
      run.goOn()
      return opened
    } catch (error) {
      await run.close()
      throw error
    }
  }

  private constructor(
    workspace: Workspace,
    { createdAt, journal, run }: { run: CallRun; journal: Journal; createdAt: Date },
    tell: CallRunOptions['onTrouble'],
  ) {
    this.#workspace = workspace
    this.#run = run
    this.#journal = journal
    this.#createdAt = createdAt
    this.#tell = tell ?? (() => undefined)
    this.#usedAt = workspace.clock.monotonic()
  }

  get id(): string {
    return this.#run.id
  }

  get name(): string {
    return this.#run.name
  }

  /** Milliseconds since it was last asked for something. */
  get idleMs(): number {
    return this.#workspace.clock.monotonic() - this.#usedAt
  }

  /** Counts as being asked for something. */
  touch(): void {
    this.#usedAt = this.#workspace.clock.monotonic()
  }

  /** Calls that the run or its journal has no answer to. */
  unanswered(): Promise<number> {
    return this.#run.unanswered()
  }

  /** Hands a call over; the same id is the same call. */
  submit(id: string, call: Call): Submitted {
    this.touch()
    const at = this.#workspace.clock.now()
    const kept = this.#run.isRow(id) ? Promise.resolve() : this.#keep({ id, call, at })
    return { kept, reply: this.#ask(id, call, new Date(at)) }
  }

  /** The call of this id; undefined where there is none. */
  async state(id: string): Promise<CallState | undefined> {
    const keptAt = this.#journal.keptAt(id)
    const at = keptAt === undefined ? this.#createdAt : new Date(keptAt)
    const open = this.#open.get(id)
    if (open) return { state: this.#run.isRow(id) ? 'in_progress' : 'queued', ...open }
    const found = await this.#run.find(id)
    if (found?.state === 'answered') return { ...found, at }
    if (found) return { state: found.state === 'sent' ? 'in_progress' : 'queued', model: found.model ?? '', at }
    if (this.#journal.isCancelled(id)) return { state: 'cancelled', model: '', at }
    if (keptAt === undefined) return undefined
    // It could not be made into a row, such as on a full disk: it is tried again.
    this.#askAll(await this.#journal.shorten((one) => this.#run.isRow(one)))
    return { state: 'queued', model: '', at }
  }

  /** The same for a call that was handed over. */
  async taken(id: string): Promise<CallState> {
    return (await this.state(id)) ?? { state: 'queued', model: '', at: this.#createdAt }
  }

  /** Cancels a call that is not in a batch yet: true once that is on stable storage. */
  async cancel(id: string): Promise<boolean> {
    if (!this.#run.withdraw(id)) return this.#journal.isCancelled(id)
    await this.#journal.cancel(id)
    return true
  }

  /** Has the run go on where a drive of it has ended; false where a person is needed for that. */
  async goOn(): Promise<boolean> {
    const { state } = (await this.#workspace.store.findRun(this.id)) ?? {}
    if (state === 'held') return false
    if ((await this.unanswered()) > 0) this.#run.goOn()
    return true
  }

  /** Makes rows of all that was kept, and lets go of the run; nothing is cancelled at the provider. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#run.flush()
    await this.#run.close()
    await this.#journal.close()
  }

  async #keep(call: KeptCall): Promise<void> {
    if (this.#journal.isLong) await this.#journal.shorten((id) => this.#run.isRow(id))
    await this.#journal.keep(call)
  }

  #askAll(calls: readonly KeptCall[]): void {
    for (const { at, call, id } of calls) if (!this.#open.has(id)) void this.#ask(id, call, new Date(at))
  }

  #ask(id: string, call: Call, at: Date): Promise<SynchronousReply> {
    const { model } = JSON.parse(call.body) as { readonly model: string }
    this.#open.set(id, { model, at })
    const reply = this.#run.ask(call, id)
    // Not every call has a client that waits for it.
    reply.then(
      () => this.#open.delete(id),
      (error: unknown) => {
        this.#open.delete(id)
        if (!this.#isClosed) this.#tell(error)
      },
    )
    return reply
  }
}
