import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { Shell } from '../../src/cli/shell.ts'
import { VERSION } from '../../src/version.ts'

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A command that hangs is ended before its test is. */
const TIMEOUT_MS = 240_000

/** Where a command is typed. */
export interface Surroundings {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
}

/** How a command ended and what it wrote. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that was started. */
export interface Started {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when standard error or output shows the text, with both so far; rejects when the command ends without. */
  shows(text: string | RegExp): Promise<string>
}

/** Types a command and waits for its end. `npm test` builds it before. */
export function type(surroundings: Surroundings, ...words: readonly string[]): Promise<Ended> {
  return launch(surroundings, words, {}).ended
}

/**
 * Carries a command out in this process: the same program, with streams and surroundings of its own, without what the
 * start of a process costs. For what a test prepares and what it looks at afterwards, and for the further rows of a table
 * of which one row is typed; what a test proves first is typed. One at a time, since a process has one working folder.
 */
export function typeHere(surroundings: Surroundings, ...words: readonly string[]): Promise<Ended> {
  return inTurn(() => carryOutIn(surroundings, words, { input: Readable.from([]), error: new PassThrough() }))
}

/** The same, and calls back once standard error shows a text. */
export function watchHere(
  surroundings: Surroundings,
  awaited: string,
  onShown: () => void,
  ...words: readonly string[]
): Promise<Ended> {
  const error = new PassThrough()
  let text = ''
  const look = (bytes: Buffer): void => {
    text += bytes.toString()
    if (!text.includes(awaited)) return
    error.off('data', look)
    onShown()
  }
  error.on('data', look)
  return inTurn(() => carryOutIn(surroundings, words, { input: Readable.from([]), error }))
}

/** The keys of Ctrl-C and Ctrl-D, as a terminal in raw mode sends them. */
export const CTRL_C = '\u0003'
export const CTRL_D = '\u0004'

/**
 * The same at a terminal with a person who, once a text is shown, types what is beside it. Each pair waits for a text
 * after the one before.
 */
export function answerHere(
  surroundings: Surroundings,
  answers: readonly (readonly [shown: string, keys: string])[],
  ...words: readonly string[]
): Promise<Ended> {
  const environment = { TERM: 'dumb', NO_COLOR: '1', ...surroundings.environment }
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const error = Object.assign(new PassThrough(), { isTTY: true })
  const open = [...answers]
  let unread = ''
  error.on('data', (bytes: Buffer) => {
    unread += bytes.toString()
    for (let [next] = open; next !== undefined && unread.includes(next[0]); [next] = open) {
      unread = unread.slice(unread.indexOf(next[0]) + next[0].length)
      input.write(next[1])
      open.shift()
    }
  })
  return inTurn(() => carryOutIn({ ...surroundings, environment }, words, { input, error }))
}

function inTurn(carryOut: () => Promise<Ended>): Promise<Ended> {
  const ended = lastHere.then(carryOut)
  lastHere = ended.catch(() => undefined)
  return ended
}

let lastHere: Promise<unknown> = Promise.resolve()

async function carryOutIn(
  { environment, folder }: Surroundings,
  words: readonly string[],
  { error, input }: { readonly input: Readable; readonly error: PassThrough },
): Promise<Ended> {
  const output = new PassThrough()
  const written = Promise.all([textOf(output), textOf(error)])
  const homeFolder = environment['HOME'] ?? folder
  const machine = { environment, workingFolder: folder, homeFolder, platform: process.platform }
  const before = process.cwd()
  process.chdir(folder)
  try {
    const shell = new Shell(machine, { input, output, error })
    const code = await runProgram(shell, words, VERSION)
    output.end()
    error.end()
    const [stdout, stderr] = await written
    return { code, stdout, stderr }
  } finally {
    process.chdir(before)
  }
}

/** Types the built command in a real terminal of so many columns, and gives the lines that it shows there. For Linux. */
export async function typeInTerminal(
  { environment, folder }: Surroundings,
  columns: number,
  ...words: readonly string[]
): Promise<readonly string[]> {
  const line = [process.execPath, COMMAND, ...words].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', `stty cols ${columns} rows 24; ${line}`, '/dev/null'], {
    cwd: folder,
    env: { TERM: 'xterm', NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
  })
  const written = await textOf(child.stdout)
  return written.split(/\r?\n/).filter((text) => text !== '')
}

/** For tables: the first row is typed, the further ones are carried out here. */
export function typedFirst<Row>(rows: readonly Row[], row: Row): typeof type {
  return row === rows[0] ? type : typeHere
}

/** Types a command and lets it work; it is killed when the test is over. Not for concurrent tests. */
export function start(surroundings: Surroundings, words: readonly string[], options: LaunchOptions = {}): Started {
  const started = launch(surroundings, words, options)
  onTestFinished(() => void started.process.kill('SIGKILL'))
  return started
}

interface LaunchOptions {
  /** For its standard input. @default nothing */
  readonly input?: string
  /** Leaves standard input open after that, as a program that is not done yet. @default false */
  readonly isInputOpen?: boolean
}

function launch({ environment, folder }: Surroundings, words: readonly string[], options: LaunchOptions): Started {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    cwd: folder,
    env: environment,
    stdio: 'pipe',
    timeout: TIMEOUT_MS,
  })
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text
  })
  // A command that refuses its input closes the pipe before all of it is written.
  child.stdin.on('error', () => undefined)
  child.stdin.write(options.input ?? '')
  if (!options.isInputOpen) child.stdin.end()
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...written }))
  return { process: child, ended, shows: (text) => shown(child, written, text) }
}

async function shown(
  child: ChildProcess,
  written: { readonly stdout: string; readonly stderr: string },
  text: string | RegExp,
): Promise<string> {
  const all = (): string => written.stderr + written.stdout
  const isThere = (): boolean => (typeof text === 'string' ? all().includes(text) : text.test(all()))
  while (!isThere()) {
    if (child.exitCode !== null) throw new Error(`the command ended without showing ${text}:\n${written.stderr}`)
    await Promise.race([once(child, 'close'), once(child.stderr ?? child, 'data'), once(child.stdout ?? child, 'data')])
  }
  return all()
}

/** Fails with what the command said where it did not end with this exit code. */
export function expectExit({ code, stderr }: Pick<Ended, 'code' | 'stderr'>, expected: number): void {
  if (code !== expected) throw new Error(`the exit code is ${code} in place of ${expected}; it said:\n${stderr}`)
}

/** The objects of a JSON lines text. */
export function parseLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
