import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectExit, type, typeHere } from '../support/command.ts'
import { answerJson, startHttpServer } from '../support/http-server.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

interface Document {
  readonly isWell: boolean
  readonly findings: readonly { readonly what: string; readonly text: string; readonly problem: string | null }[]
}

async function examine(world: Pick<LocalWorld, 'folder' | 'environment'>, ...words: string[]) {
  const { code, stdout } = await typeHere(world, 'doctor', '--json', ...words)
  const { findings, isWell } = JSON.parse(stdout) as Document
  return { code, isWell, problemOf: (what: string) => findings.find((finding) => finding.what === what)?.problem }
}

/** A world of one provider, which answers as it is told. */
async function worldOf(answer: (response: ServerResponse) => unknown) {
  const world = await openWorld()
  const server = await startHttpServer((_, response) => answer(response))
  const environment = { ...world.environment, OPENAI_BASE_URL: server.origin, MISTRAL_API_KEY: '' }
  return { world: { ...world, environment }, server }
}

const LIST = { object: 'list', data: [], has_more: false }

describe('llm-batch doctor', () => {
  it('asks each provider with a key one thing, tells where keys come from and never shows them', async () => {
    const world = await openWorld()
    const { code, stderr, stdout } = await type(world, 'doctor')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`OPENAI_API_KEY from the environment, at ${world.server.openaiUrl}`)
    expect(stdout.match(/the key is accepted, and the list of batches can be read/g)).toHaveLength(4)
    expect(stdout).toMatch(/SQLite +3\./)
    expect(stdout).not.toContain(world.environment['OPENAI_API_KEY'])
  })

  it('makes one GET, and none with --offline', async () => {
    const { server, world } = await worldOf((response) => answerJson(response, 200, LIST))
    try {
      expect(await examine(world, '--offline')).toMatchObject({ code: 0, isWell: true })
      expect(server.received).toEqual([])
      expect(await examine(world)).toMatchObject({ code: 0, isWell: true })
      expect(server.received).toMatchObject([{ method: 'GET', path: '/v1/batches?limit=1' }])
    } finally {
      await server.close()
    }
  })

  it('exits with 3 where no provider can be used', async () => {
    const world = await openWorld()
    const { code, isWell } = await examine({ folder: world.folder, environment: { PATH: '' } }, '--home', world.home)
    expect({ code, isWell }).toEqual({ code: 3, isWell: false })
  })

  const error = (message: string): object => ({ error: { message, code: null } })
  it.each([
    ['a key that is refused', 401, error('Incorrect API key provided'), /the key is refused .*OPENAI_API_KEY/],
    ['a key that may not', 403, error('You have insufficient permissions'), /may not read batches/],
    ['a path that is wrong', 404, error('Invalid URL'), /no batch API at this base URL .*check OPENAI_BASE_URL/],
    ['a server of something else', 200, { hello: 'world' }, /does not come from a batch API/],
    ['a provider in trouble', 503, error('down for maintenance'), /it reports a failure/],
  ])('finds %s', async (_, status, body, problem) => {
    const { server, world } = await worldOf((response) => answerJson(response, status, body))
    try {
      const { code, problemOf } = await examine(world)
      expect(code).toBe(3)
      expect(problemOf('openai')).toMatch(problem)
      expect(problemOf('other providers')).toBeNull()
    } finally {
      await server.close()
    }
  })

  it('finds a server that is not there, a home that no file can be made in, and a clock that is wrong', async () => {
    const late = new Date(Date.now() - 3 * 3_600_000).toUTCString()
    const { server, world } = await worldOf((response) => answerJson(response, 200, LIST, { date: late }))
    const environment = {
      ...world.environment,
      MISTRAL_API_KEY: 'some-mistral-key',
      MISTRAL_BASE_URL: 'http://127.0.0.1:9',
    }
    const file = await world.write('home-as-a-file', '')
    try {
      const { code, problemOf } = await examine({ folder: world.folder, environment }, '--home', join(file, 'home'))
      expect(code).toBe(3)
      expect(problemOf('mistral')).toMatch(/cannot be reached .*check the network/)
      expect(problemOf('home')).toMatch(/llm-batch cannot write to .*--home/)
      expect(problemOf('clock')).toMatch(/the clock is (3h|2h 59m)[^;]* ahead of the provider's; set it/)
      expect(problemOf('answers')).toBeNull()
    } finally {
      await server.close()
    }
  })

  it('finds what the last error sent people to it for', async () => {
    const world = await openWorld({ faults: ['direct:1=status(401)', 'list:1=status(401)'] })
    await world.write('rows.jsonl', '{"text":"one"}\n')
    const flags = ['--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '--limit', '1']
    const refused = await typeHere(world, 'try', 'rows.jsonl', ...flags)
    expect(refused.stderr).toMatch(/next: .*llm-batch doctor/)
    const doctor = await typeHere(world, 'doctor')
    expectExit(doctor, 3)
    expect(doctor.stdout).toContain('the key is refused')
  })
})
