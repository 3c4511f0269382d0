import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, type, typeHere } from '../support/command.ts'
import { startHttpServer } from '../support/http-server.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl']

/** The world with the base URL that a user got wrong. */
function misled(world: LocalWorld, url: string): LocalWorld {
  return { ...world, environment: { ...world.environment, OPENAI_BASE_URL: url } }
}

async function lonelyRun(world: LocalWorld): Promise<string> {
  const { runs } = JSON.parse((await typeHere(world, 'runs', '--json')).stdout) as { runs: { id: string }[] }
  expect(runs).toHaveLength(1)
  return runs[0]?.id ?? ''
}

describe('a base URL whose path is wrong', () => {
  it('holds the run with a sentence about the URL, and the run goes on with the right one', async () => {
    const world = await openWorld()
    const wrong = misled(world, `${world.server.openaiUrl}/nothing`)
    await world.write('rows.jsonl', questions(3))
    const held = await type(wrong, ...LINE)
    expectExit(held, 3)
    expect(held.stderr).toMatch(/held[\s\S]*there is no batch API below http\S+\/nothing[\s\S]*correct OPENAI_BASE_URL/)
    const { code, stderr } = await type(world, 'resume', 'last')
    expectExit({ code, stderr }, 0)
    expect(stderr).toContain('nothing of it was sent to')
    expect(parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8'))).toHaveLength(3)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 3 })
    const back = await typeHere(wrong, 'resume', 'last')
    expectExit(back, 0)
  })

  it('is found by a look that does not wait, and the same line goes on with the run at the right URL', async () => {
    const world = await openWorld()
    const page = await startHttpServer((_, response) => response.writeHead(404).end('<h1>Not Found</h1>'))
    const wrong = misled(world, page.origin)
    await world.write('rows.jsonl', questions(3))
    try {
      expectExit(await typeHere(wrong, ...LINE, '--no-wait', '--name', 'mine'), 3)
      expect(page.received.every(({ method }) => method === 'GET')).toBe(true)
      const run = await lonelyRun(world)
      expectExit(await typeHere(world, ...LINE, '--name', 'mine'), 0)
      expect(await lonelyRun(world)).toBe(run)
    } finally {
      await page.close()
    }
  })

  it('is found by the upload, after a few tries, where the list is answered', async () => {
    const world = await openWorld()
    const list = JSON.stringify({ object: 'list', data: [], has_more: false })
    const half = await startHttpServer(({ method }, response) =>
      method === 'GET'
        ? response.writeHead(200, { 'content-type': 'application/json' }).end(list)
        : response.writeHead(405).end('<h1>Method Not Allowed</h1>'),
    )
    await world.write('rows.jsonl', questions(3))
    try {
      const held = await typeHere(misled(world, half.origin), ...LINE)
      expectExit(held, 3)
      expect(held.stderr).toContain('there is no batch API below')
      expect(half.received.filter(({ method }) => method === 'POST')).toHaveLength(3)
    } finally {
      await half.close()
    }
  })

  it('a run of which something was sent stays where it is', async () => {
    const world = await openWorld({ durations: { runMs: 3_600_000 } })
    await world.write('rows.jsonl', questions(3))
    await typeHere(world, ...LINE, '--no-wait')
    const elsewhere = await typeHere(misled(world, `${world.server.openaiUrl}/nothing`), 'resume', 'last')
    expectExit(elsewhere, 2)
    expect(elsewhere.stderr).toMatch(/was started at \S+, but now OPENAI_BASE_URL leads to/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1 })
  })
})
