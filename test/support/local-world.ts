import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { LocalServer, LocalServerOptions } from '../../src/server/options.ts'
import { startLocalServer } from '../../src/server/start.ts'

/** A local batch server, a home, and a configuration with short waits, all gone when the test is over. */
export interface LocalWorld {
  readonly folder: string
  readonly home: string
  readonly configPath: string
  readonly server: LocalServer
  /** What a process needs to work in this world. */
  readonly environment: Readonly<Record<string, string>>
  /** A file of the world's folder, written and named. */
  write(name: string, text: string): Promise<string>
}

/** Looks follow each other within a test; a time limit never strikes, however slow the machine. */
const WAITS = {
  poll: '30ms',
  pollMost: '200ms',
  settle: '60s',
  unfenced: '60s',
  http: '60s',
  retryBackoff: '50ms',
  retryAfterMost: '2s',
  absent: '60s',
  queue: '50ms',
  queueMost: '400ms',
}

/**
 * Opens a world of its own for one test. Tokens are estimated there, since loading the vocabulary that counts them takes
 * longer than a short run; where the number of tokens matters, `config: { tokenCount: true }` counts them.
 */
export async function openWorld(
  options: Partial<LocalServerOptions> & {
    readonly config?: object
    readonly waits?: Partial<typeof WAITS>
    /** The test's own hook; needed in concurrent tests, where the global one may belong to another test. */
    readonly onFinished?: (clean: () => Promise<void>) => void
  } = {},
): Promise<LocalWorld> {
  const { config, onFinished = onTestFinished, waits, ...serverOptions } = options
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-world-'))
  const server = await startLocalServer({ folder: join(folder, 'server'), seed: 1, ...serverOptions })
  onFinished(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })
  const configPath = join(folder, 'llm-batch.config.json')
  await writeFile(configPath, JSON.stringify({ tokenCount: false, waits: { ...WAITS, ...waits }, ...config }))
  const home = join(folder, 'home')
  return {
    folder,
    home,
    configPath,
    server,
    environment: {
      PATH: process.env['PATH'] ?? '',
      OPENAI_API_KEY: 'sk-test-openai-0123456789',
      OPENAI_BASE_URL: server.openaiUrl,
      MISTRAL_API_KEY: 'test-mistral-0123456789',
      MISTRAL_BASE_URL: server.mistralUrl,
      ANTHROPIC_API_KEY: 'sk-ant-test-0123456789',
      ANTHROPIC_BASE_URL: server.anthropicUrl,
      GEMINI_API_KEY: 'test-gemini-0123456789',
      GEMINI_BASE_URL: server.geminiUrl,
      LLM_BATCH_HOME: home,
    },
    write: async (name, text) => {
      const path = join(folder, name)
      await writeFile(path, text)
      return path
    },
  }
}

/** JSON lines of so many questions, each with a nonce of its own by which the server's books know it again. */
export function questions(count: number, prefix = 'q'): string {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({ id: `${prefix}${index}`, text: `Question ${index} about nothing. nonce:${prefix}-${index}` }),
  )
    .join('\n')
    .concat('\n')
}
