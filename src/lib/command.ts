import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { withEmptied } from './disk.ts'

/** End of another program. */
export interface CommandResult {
  /** Its exit code, the signal that ended it, or why it could not be started, such as `ENOENT`; 0 where it did well. */
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

/** Bytes of output that are taken in. */
const MOST_OUTPUT_BYTES = 1024 * 1024

/**
 * Starts a program with its arguments, through no shell, and waits until it ends; it is ended by force after `timeoutMs`.
 * Never rejects.
 */
export function runCommand(
  [program = '', ...words]: readonly string[],
  { environment, timeoutMs }: { readonly environment: NodeJS.ProcessEnv; readonly timeoutMs: number },
): Promise<CommandResult> {
  const options = { env: environment, timeout: timeoutMs, maxBuffer: MOST_OUTPUT_BYTES, windowsHide: true }
  return new Promise((resolve) => {
    const child = execFile(program, words, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? 'no exit code'), stdout, stderr }),
    )
    // A program that asks a question is not to wait for the terminal of ours.
    child.stdin?.end()
  })
}

/** A program that was started and outlives this process. */
export interface Detached {
  /** Resolves when it ends, where this process is there to see it; keeps no process alive. */
  readonly ended: Promise<void>
}

/**
 * Starts a program that outlives this process, in a session of its own, so that no signal of a terminal reaches it. What it
 * says goes to the file, which is emptied before. Rejects where it cannot be started.
 */
export async function startDetached(
  [program = '', ...words]: readonly string[],
  {
    environment,
    folder,
    log,
  }: { readonly environment: NodeJS.ProcessEnv; readonly folder: string; readonly log: string },
): Promise<Detached> {
  const { ended, started } = await withEmptied(log, (descriptor) => {
    const child = spawn(program, words, {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', 'ignore', descriptor],
      windowsHide: true,
    })
    child.unref()
    return { started: once(child, 'spawn'), ended: new Promise<void>((resolve) => child.once('exit', () => resolve())) }
  })
  await started
  return { ended }
}
