import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type, typeHere } from '../support/command.ts'
import { answerJson, type ReceivedRequest, startHttpServer } from '../support/http-server.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { textsBelow } from '../support/texts-below.ts'

const KEY = 'own-Key-9f8E7d6C5b4A'
const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '--no-wait']

/** The key as a server may write it back. */
const ECHOES = {
  plain: KEY,
  upper: KEY.toUpperCase(),
  base64: Buffer.from(`Bearer ${KEY}`).toString('base64'),
  hex: Buffer.from(KEY).toString('hex'),
  spaced: Array.from(KEY).join(' '),
}

async function worldAt(answer: (request: ReceivedRequest, response: ServerResponse) => unknown) {
  const server = await startHttpServer(answer)
  const world = await openWorld()
  await world.write('rows.jsonl', questions(2))
  return {
    ...world,
    close: () => server.close(),
    environment: { ...world.environment, OPENAI_API_KEY: KEY, OPENAI_BASE_URL: server.origin },
  }
}

describe('a key that the other side writes back', () => {
  it('is masked in every form, in what is shown and in what is kept', async () => {
    const message = `refused: ${Object.values(ECHOES).join(' | ')}`
    const world = await worldAt((_, response) => answerJson(response, 401, { error: { message, code: ECHOES.base64 } }))
    try {
      const run = await type(world, ...LINE)
      expect(run.code).toBe(3)
      expect(run.stderr).toContain('refused: *** | *** | *** | *** | ***')
      const shown = [run, await typeHere(world, 'status', '--json'), await typeHere(world, 'doctor')]
      const texts = shown.flatMap(({ stderr, stdout }) => [stderr, stdout])
      for (const text of [...texts, ...(await textsBelow(world.home)).map(({ text: kept }) => kept)]) {
        for (const echo of Object.values(ECHOES)) expect(text).not.toContain(echo)
      }
    } finally {
      await world.close()
    }
  })

  it('is not kept as the id of a file, nor of a batch', async () => {
    const file = (id: string) => ({ object: 'file', id, purpose: 'batch', filename: KEY })
    for (const fileId of [KEY, 'file-1']) {
      const world = await worldAt(({ method, path }, response) => {
        if (method === 'GET') return answerJson(response, 200, { object: 'list', data: [], has_more: false })
        if (path.endsWith('/files')) return answerJson(response, 200, file(fileId))
        return answerJson(response, 200, { id: KEY, object: 'batch', input_file_id: fileId, status: KEY, model: KEY })
      })
      try {
        await typeHere(world, ...LINE)
        const kept = await textsBelow(world.home)
        expect(kept.filter(({ text }) => text.includes(KEY)).map(({ path }) => path)).toEqual([])
      } finally {
        await world.close()
      }
    }
  })
})
