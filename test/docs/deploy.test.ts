import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { filesPlaceAt } from '../../src/config/files-place.ts'
import { homeAt } from '../../src/config/home-address.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { typeHere } from '../support/command.ts'
import { openWorld } from '../support/local-world.ts'

interface Service {
  readonly build?: { readonly dockerfile: string }
  readonly command?: string
  readonly environment?: Readonly<Record<string, string | null>>
}

async function readDeploy(name: string): Promise<string> {
  return await readFile(new URL(`../../deploy/${name}`, import.meta.url), 'utf8')
}

it('the example for containers names commands, variables and addresses that llm-batch takes', async () => {
  const { services } = parse(await readDeploy('compose.yaml'), { merge: true }) as { services: Record<string, Service> }
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

  const words = JSON.parse(/^CMD (.*)$/m.exec(await readDeploy('Dockerfile'))?.[1] ?? '[]') as string[]
  expect(words).toEqual(['worker', '--port', '9464'])
  const world = await openWorld()
  expect(await typeHere(world, ...words.slice(0, -1), '0', '--once')).toMatchObject({ code: 0 })
})
