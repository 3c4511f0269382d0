import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Starts the built command with a folder for temporary files of its own, which is gone after the test. */
async function startDemo(...words: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-demo-test-'))
  const env = { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], TMPDIR: folder, TEMP: folder }
  const child = spawn(process.execPath, [MAIN, 'demo', ...words], {
    env,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => output.push(piece))
  child.stderr.on('data', (piece: Buffer) => errors.push(piece))
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    output: Buffer.concat(output).toString(),
    errors: Buffer.concat(errors).toString(),
  }))
  return { child, ended, folder }
}

describe('llm-batch demo', () => {
  it.each(['openai', 'mistral'])(
    'answers every row and proves with %s that a crash buys nothing twice',
    async (provider) => {
      const { ended, folder } = await startDemo('--rows', '60', '--provider', provider, '--json')
      const { code, errors, output } = await ended
      expect(errors).toBe('')
      expect(JSON.parse(output)).toMatchObject({
        isSimulated: true,
        mainJob: { rowsAsked: 60, rowsAnswered: 60, batchesCreated: 5, rowsBilled: 60, rowsBilledTwice: 0 },
        crash: {
          command: {
            wasKilled: true,
            rowsAsked: 60,
            batchesCreated: 4,
            rowsBilled: 60,
            rowsBilledTwice: 0,
            rowsLost: 0,
          },
          script: {
            wasKilled: true,
            rowsAsked: 60,
            batchesCreated: 8,
            rowsBilled: 120,
            rowsBilledTwice: 60,
            rowsLost: 0,
          },
        },
        holds: true,
      })
      expect(code).toBe(0)
      expect(await readdir(folder)).toEqual([])
    },
  )

  it('leaves no file and no process behind when it is stopped', async () => {
    const { child, ended, folder } = await startDemo('--rows', '60')
    // The first words there are the command's own, so command and server are at work by then.
    child.stderr.once('data', () => child.kill('SIGINT'))
    const { code, errors } = await ended
    expect(code).toBe(130)
    // The streams are closed only when every process that had them has ended.
    expect(errors).toContain('Interrupted')
    expect(await readdir(folder)).toEqual([])
  })

  it('says nothing when it is told to be quiet', async () => {
    const { ended } = await startDemo('--rows', '5', '--quiet')
    expect(await ended).toEqual({ code: 0, output: '', errors: '' })
  })
})
