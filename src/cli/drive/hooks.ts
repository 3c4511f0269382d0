import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { messageOf } from '../../model/error.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import { isFinished } from '../../model/run.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { Shell } from '../shell.ts'

/**
 * Runs the user's own command for what the run has come to, through the shell, and waits for it. Its output goes to
 * standard error. When it fails that is a warning: the run itself is well.
 */
export async function runHook(shell: Shell, flags: AnyOptions, run: RunRecord): Promise<void> {
  const command = hookFor(flags, run)
  if (command === undefined) return
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

function hookFor({ onFinish, onHold }: AnyOptions, { state }: RunRecord): string | undefined {
  if (isFinished(state)) return onFinish
  return state === 'held' ? onHold : undefined
}
