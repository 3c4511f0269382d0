import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Client, type ClientOptions, InMemoryTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { expect, onTestFinished, vi } from 'vitest'
import { agentPlace, type McpFlags } from '../../src/cli/mcp/agent-place.ts'
import { Shell } from '../../src/cli/shell.ts'
import { agentServer } from '../../src/mcp/server.ts'
import { typeHere } from './command.ts'
import type { LocalWorld } from './local-world.ts'
import { PATIENCE } from './patience.ts'

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Structured content of an answer, with what says whether the tool failed. */
export interface Answered {
  readonly isError: boolean
  readonly text: string
  /** Members that answers of some tools have. */
  readonly token: string
  readonly confirmation: string
  readonly run: string
  readonly state: string
  readonly priceUsd: number
  readonly leftWithoutPersonUsd: number
  readonly nextCursor: string | null
  readonly rows: readonly { readonly id: string; readonly output: unknown }[]
  readonly [member: string]: unknown
}

/** The official client, as a program with or without a person has it. */
export interface Agent {
  readonly client: Client
  /** Questions that the person was asked. */
  readonly questions: string[]
  call(tool: string, members?: object): Promise<Answered>
  /** Waits until the run has come to a state in which nothing is left to do. */
  finished(run: string): Promise<Answered>
  close(): Promise<void>
}

/** A person who is asked, and the revision of the protocol that the client speaks. */
export interface AgentOptions {
  /** What the person answers. @default there is no person to be asked */
  readonly person?: 'yes' | 'no' | 'away'
  /** @default the revisions before 2026 */
  readonly isModern?: boolean
  readonly flags?: readonly string[]
}

/** Connects with the built command as its server, as clients start it; `pid` is the server's. */
export async function agentAt(
  world: LocalWorld,
  options: AgentOptions = {},
): Promise<Agent & { readonly pid: number }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [COMMAND, 'mcp', ...(options.flags ?? [])],
    cwd: world.folder,
    env: { ...world.environment },
    stderr: 'inherit',
  })
  const agent = clientOf(options)
  await agent.client.connect(transport)
  onTestFinished(() => agent.close())
  return { ...agent, pid: transport.pid ?? 0 }
}

/** The same in this process, where what drives runs is carried out in it too, or left out as if it were killed at once. */
export async function agentHere(
  world: LocalWorld,
  options: Omit<AgentOptions, 'flags'> & { readonly flags?: Partial<McpFlags>; readonly isDriving?: boolean } = {},
): Promise<Agent> {
  const { flags = {}, isDriving = true, ...others } = options
  const machine = {
    environment: world.environment,
    workingFolder: world.folder,
    homeFolder: world.folder,
    platform: process.platform,
  }
  const streams = { input: new PassThrough(), output: new PassThrough(), error: new PassThrough() }
  const place = agentPlace(new Shell(machine, streams), { acceptUpTo: 0, ...flags })
  const drives: Promise<void>[] = []
  const driving = {
    ...place,
    startCommand: async (command: string, run: string) => {
      const ended = isDriving ? typeHere(world, command, run, '--quiet').then(() => undefined) : Promise.resolve()
      drives.push(ended)
      return { ended }
    },
  }
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  const served = serveStdio(() => agentServer(driving), { transport: theirs })
  const agent = clientOf(others)
  await agent.client.connect(ours)
  onTestFinished(async () => {
    await agent.close()
    await served.close()
    // After a failure, what drives a run still needs the server of the world.
    await Promise.allSettled(drives)
  })
  return agent
}

function clientOf({ isModern = false, person }: AgentOptions): Agent {
  const questions: string[] = []
  const options: ClientOptions = {
    capabilities: person === undefined ? {} : { elicitation: { form: {} } },
    ...(isModern ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {}),
  }
  const client = new Client({ name: 'test', version: '1' }, options)
  if (person !== undefined) {
    client.setRequestHandler('elicitation/create', (request) => {
      questions.push(request.params.message)
      if (person === 'away') return { action: 'cancel' }
      return { action: 'accept', content: { accept: person === 'yes' } }
    })
  }
  const call: Agent['call'] = async (name, members = {}) => {
    const { content, isError = false, structuredContent } = await client.callTool({ name, arguments: { ...members } })
    const text = (content as readonly { readonly text?: string }[]).map((part) => part.text ?? '').join('')
    return { ...(structuredContent as object), isError, text } as Answered
  }
  return {
    client,
    questions,
    call,
    finished: async (run) => {
      let last: Answered | undefined
      await vi.waitFor(async () => {
        last = await call('status', { run })
        expect(last).toMatchObject({ isWorkedOn: false })
        expect(['completed', 'cancelled', 'held']).toContain(last.state)
      }, PATIENCE)
      return last as Answered
    },
    close: () => client.close(),
  }
}
