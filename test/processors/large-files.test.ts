// Saving a result file of 200 MB from a bare server that makes it up as it goes.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { OpenAIBatchProcessor } from '../../src/index.ts'
import { systemDisk } from '../../src/lib/disk.ts'
import { answerJson, type HttpServer, startHttpServer } from '../support/http-server.ts'
import { temporaryFolder } from '../support/local-server.ts'

const LINE = Buffer.from(
  `${JSON.stringify({ custom_id: 'x', response: { status_code: 200, body: 'ü 漢字 🎉 '.repeat(3_000) } })}\n`,
)

let server: HttpServer

afterEach(() => server.close())

/** A processor at a server whose one file has so many of the lines, sent by this function. */
async function processorFor(lines: number, send: (response: ServerResponse) => Promise<void>) {
  const bytes = lines * LINE.length
  server = await startHttpServer(async (request, response) => {
    if (!request.path.endsWith('/content')) return answerJson(response, 200, { id: 'file-large', bytes })
    response.writeHead(200, { 'content-length': String(bytes) })
    await send(response)
    response.end()
  })
  const folder = await temporaryFolder()
  const processor = new OpenAIBatchProcessor({
    modelName: 'gpt-6-luna',
    outputDir: join(folder, 'outputs'),
    environment: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: server.origin },
    log: () => {},
  })
  return { processor, bytes }
}

describe('saving a large output', () => {
  it('takes flat memory for 200 MB, and every byte arrives', async () => {
    const lines = Math.ceil(200_000_000 / LINE.length)
    const sent = createHash('sha256')
    let peak = 0
    const { bytes, processor } = await processorFor(lines, async (response) => {
      for (let line = 0; line < lines; line += 1) {
        sent.update(LINE)
        if (!response.write(LINE)) await once(response, 'drain')
        if (line % 50 === 0) peak = Math.max(peak, process.memoryUsage.rss())
      }
    })
    const before = process.memoryUsage.rss()
    const path = await processor.saveBatchOutput('file-large')
    expect(peak).toBeGreaterThan(0)
    // Well below half of the file; most of it is the test's own server and garbage not collected yet.
    expect(peak - before).toBeLessThan(80_000_000)
    const saved = createHash('sha256')
    for await (const piece of systemDisk.stream(path)) saved.update(piece)
    expect(await systemDisk.size(path)).toBe(bytes)
    expect(saved.digest('hex')).toBe(sent.digest('hex'))
  })

  it('keeps characters whole whose bytes come in different pieces', async () => {
    const start = LINE.indexOf(Buffer.from('ü'))
    const { processor } = await processorFor(1, async (response) => {
      // Cut within ü (2 bytes), within both of 漢字 (3 each) and within 🎉 (4), each piece flushed on its own.
      let from = 0
      for (const cut of [1, 4, 5, 8, 11, 12, 13].map((offset) => start + offset)) {
        await new Promise((resolve) => response.write(LINE.subarray(from, cut), resolve))
        from = cut
      }
      response.write(LINE.subarray(from))
    })
    const path = await processor.saveBatchOutput('file-large')
    expect((await readFile(path)).equals(LINE)).toBe(true)
  })
})
