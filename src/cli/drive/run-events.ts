import { EventEmitter } from 'node:events'
import { resolve } from 'node:path'
import { appendLine } from '../../lib/append-file.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Disk } from '../../lib/disk.ts'
import { plainLine } from '../../lib/plain-text.ts'
import { toldEvent } from '../../library/told.ts'
import { LlmBatchError, messageOf } from '../../model/error.ts'
import type { RunEvent, RunHappening } from '../../model/event.ts'
import { inFlags } from '../../model/options/mention.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import { flushTelemetry } from '../../telemetry/telemetry.ts'
import type { Site } from '../../workspace/workspace.ts'
import type { Shell } from '../shell.ts'

/** Receiver of a run's events. */
export type RunEmitter = EventEmitter<{ event: [RunEvent] }>

/** Events of one command: warnings go to standard error, each once, everything to the file of `--events`. */
export class RunEvents {
  readonly emitter: RunEmitter = new EventEmitter()
  #written: Promise<void> = Promise.resolve()
  #lastTold = ''
  readonly #shell: Shell
  readonly #clock: Clock

  private constructor(shell: Shell, clock: Clock) {
    this.#shell = shell
    this.#clock = clock
  }

  /**
   * Begins to tell; `namesRuns` says of which run each warning is. Throws `usage` where the file cannot be written.
   * @default namesRuns false
   */
  static async open(
    shell: Shell,
    { clock, disk }: Site,
    flags: Pick<AnyOptions, 'events'> & { readonly namesRuns?: boolean },
  ): Promise<RunEvents> {
    const events = new RunEvents(shell, clock)
    events.emitter.on('event', (event) => events.#tell(shell, event, flags.namesRuns === true))
    if (flags.events === undefined) return events
    const path = resolve(shell.machine.workingFolder, flags.events)
    await assertWritable(disk, path)
    events.emitter.on('event', (event) => events.#append(shell, disk, path, eventLine(clock, event)))
    return events
  }

  /** Tells something that happened before a handle of the run did. */
  tell(happening: RunHappening): void {
    this.emitter.emit('event', toldEvent(happening, inFlags))
  }

  /** Resolves when every event so far is in the file, and with the receiver of traces where one is set up. */
  async flushed(): Promise<void> {
    await this.#written
    await sendTraces(this.#shell, this.#clock)
  }

  /** A look that is repeated may warn of the same again; a person reads it once. */
  #tell(shell: Shell, event: RunEvent, namesRun: boolean): void {
    if (event.type !== 'warning' && event.type !== 'incident') return
    const text = `${namesRun ? `run ${event.run}: ` : ''}${plainLine(event.message)}`
    if (text !== this.#lastTold) shell.warn(text)
    this.#lastTold = text
  }

  #append(shell: Shell, disk: Disk, path: string, line: string): void {
    this.#written = this.#written
      .then(() => appendLine(disk, path, line))
      .catch((error: unknown) => shell.warn(`an event could not be written to ${path}: ${messageOf(error)}`))
  }
}

/** Has what OpenTelemetry was told sent before the command ends; where that fails, it is a warning. */
export async function sendTraces(shell: Shell, clock: Clock): Promise<void> {
  await flushTelemetry(clock).catch((error: unknown) => {
    shell.warn(`not all traces could be sent: ${messageOf(error)}`)
  })
}

/** An event as a line of a file, without its end. */
export function eventLine(clock: Clock, event: RunEvent): string {
  return JSON.stringify({ at: new Date(clock.now()).toISOString(), ...event })
}

async function assertWritable(disk: Disk, path: string): Promise<void> {
  try {
    await (await disk.open(path, 'append')).close()
  } catch (error) {
    throw new LlmBatchError('usage', `the events cannot be written to ${path}: ${messageOf(error)}`, {
      next: 'Name another file with --events.',
      cause: error,
    })
  }
}
