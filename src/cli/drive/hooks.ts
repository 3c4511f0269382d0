import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendLine } from '../../lib/append-file.ts'
import { messageOf } from '../../model/error.ts'
import type { RunEvent } from '../../model/event.ts'
import { flagOf } from '../../model/options/mention.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import { isFinished } from '../../model/run.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { FinishWebhook } from '../../webhooks/out/finish-webhook.ts'
import type { RunReport } from '../../workspace/report.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { tellReason } from '../render/words/reason-words.ts'
import type { Shell } from '../shell.ts'
import { eventLine, type RunEvents } from './run-events.ts'

/** The options that say what happens when a run is finished, and when it is held. */
type HookFlags = Pick<AnyOptions, 'onFinish' | 'onHold'>

/** A command of the user's, or an address that is called; undefined where nothing is wished. */
type Hook = string | FinishWebhook | undefined

type ChosenHooks = Readonly<Record<keyof HookFlags, Hook>>

/**
 * The user's own reactions to a run that is finished or held. A command is run through the shell and waited for, its output
 * goes to standard error; an address is called in the background. Where either fails, that is a warning: the run itself is
 * well.
 */
export class Hooks {
  readonly #shell: Shell
  readonly #workspace: Workspace
  readonly #events: RunEvents
  readonly #hooks: ChosenHooks

  private constructor(shell: Shell, workspace: Workspace, events: RunEvents, hooks: ChosenHooks) {
    this.#shell = shell
    this.#workspace = workspace
    this.#events = events
    this.#hooks = hooks
  }

  /** Reads the options; runs and calls nothing. Throws where an address cannot be called, or there is no secret for it. */
  static async open(shell: Shell, workspace: Workspace, events: RunEvents, flags: HookFlags): Promise<Hooks> {
    const { onFinish, onHold } = flags
    return new Hooks(shell, workspace, events, {
      onFinish: await hookOf(onFinish, 'onFinish', workspace),
      onHold: await hookOf(onHold, 'onHold', workspace),
    })
  }

  /** Carries out what the user wants for what the run has come to. Never throws. */
  async tell(report: RunReport): Promise<void> {
    const { run } = report
    const hook = isFinished(run.state) ? this.#hooks.onFinish : run.state === 'held' ? this.#hooks.onHold : undefined
    if (typeof hook === 'string') return await runCommand(this.#shell, hook, run)
    hook?.begin(report, (why) => this.#noteUndelivered(run, hook.origin, why))
  }

  /** Resolves once no call is on its way; after a wish to stop none is tried once more. */
  async settled({ isStopped }: { readonly isStopped: boolean }): Promise<void> {
    for (const hook of Object.values(this.#hooks)) {
      if (hook === undefined || typeof hook === 'string') continue
      if (isStopped) hook.stop()
      await hook.settled()
    }
  }

  /** Told as any warning of the run is, and kept in its log. */
  async #noteUndelivered({ id, name }: RunRecord, origin: string, why: string): Promise<void> {
    const message = `the webhook to ${origin} was not delivered: ${why}`
    const event: RunEvent = { run: id, name, type: 'warning', code: 'webhook_undelivered', message, batch: null }
    this.#events.emitter.emit('event', event)
    const { clock, disk, folderOf } = this.#workspace
    try {
      await appendLine(disk, folderOf(id).log, eventLine(clock, event))
    } catch (error) {
      this.#shell.warn(`the log of run ${id} is not complete: ${messageOf(error)}`)
    }
  }
}

async function hookOf(text: string | undefined, option: keyof HookFlags, workspace: Workspace): Promise<Hook> {
  if (text === undefined || !/^https?:\/\//i.test(text)) return text
  // Only an address needs what signs and sends.
  const { FinishWebhook: Made } = await import('../../webhooks/out/finish-webhook.ts')
  return new Made(text, flagOf(option), { ...workspace, tell: tellReason })
}

async function runCommand(shell: Shell, command: string, run: RunRecord): Promise<void> {
  try {
    const child = spawn(command, {
      shell: true,
      stdio: ['ignore', shell.streams.error, shell.streams.error],
      env: {
        ...shell.machine.environment,
        LLM_BATCH_RUN: run.id,
        LLM_BATCH_STATE: run.state,
        LLM_BATCH_OUTPUT: run.output.path ?? '',
      },
    })
    const [code, signal] = await once(child, 'close')
    if (code !== 0) shell.warn(`the command ${command} ended with ${code ?? signal}`)
  } catch (error) {
    shell.warn(`the command ${command} could not be run: ${messageOf(error)}`)
  }
}
