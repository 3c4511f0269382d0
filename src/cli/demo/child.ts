import { type ChildProcess, spawn } from 'node:child_process'

/** End of a child process. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it wrote, both streams in one text; empty where it wrote to the terminal. */
  readonly output: string
}

/** A child process and its end. */
export interface Child {
  readonly process: ChildProcess
  /** Resolves when it has ended and its streams are closed. */
  readonly ended: Promise<Ended>
}

export interface ChildOptions {
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** True lets it write to the terminal of this process. */
  readonly isShown: boolean
  /** Kills it. */
  readonly signal: AbortSignal
}

/** Starts one of our programs in a process of its own. */
export function startChild(path: string, words: readonly string[], options: ChildOptions): Child {
  const { environment, folder, isShown, signal } = options
  const stdio = isShown ? 'inherit' : 'pipe'
  const child = spawn(process.execPath, [path, ...words], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', stdio, stdio],
  })
  const pieces: Buffer[] = []
  child.stdout?.on('data', (piece: Buffer) => pieces.push(piece))
  child.stderr?.on('data', (piece: Buffer) => pieces.push(piece))
  const kill = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, endedBy) => {
      signal.removeEventListener('abort', kill)
      resolve({ code, signal: endedBy, output: Buffer.concat(pieces).toString('utf8') })
    })
  })
  return { process: child, ended }
}
