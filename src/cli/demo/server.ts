import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { LlmBatchError } from '../../model/error.ts'
import type { LocalServerOptions } from '../../server/options.ts'
import type { Ledger } from '../../server/state/ledger.ts'
import { programPath } from '../program-path.ts'
import type { World } from './world.ts'

/** Settings of the server's process; travels as JSON. */
export type ServerSettings = Pick<LocalServerOptions, 'folder' | 'seed' | 'durations' | 'faults'>

/** A question to the server's process. The final ledger is told when no batch is alive any more. */
export type Question = 'ledger' | 'final-ledger'

/** The local batch server in a process of its own, so that killing a client is as real as with a provider. */
export interface DemoServer {
  /** Its origin. */
  readonly url: string
  ask(question: Question): Promise<Ledger>
}

/** Does work with a server that exists for it alone, on a folder of its own, and ends the server's process. */
export async function withServer<Result>(
  { folder, signal }: World,
  { name, ...options }: Omit<ServerSettings, 'folder' | 'seed'> & { readonly name: string },
  work: (server: DemoServer) => Promise<Result>,
): Promise<Result> {
  const settings: ServerSettings = { folder: join(folder, name), seed: 1, ...options }
  const child = fork(programPath('demo/server-process'), [JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  try {
    const { url } = await nextMessage<{ url: string }>(child, signal)
    return await work({
      url,
      ask: (question) => {
        child.send(question)
        return nextMessage<Ledger>(child, signal)
      },
    })
  } finally {
    if (child.connected) child.disconnect()
    await ended
  }
}

/** What the process says next; throws where it ends instead, or the signal aborts. */
async function nextMessage<Message>(child: ChildProcess, signal: AbortSignal): Promise<Message> {
  const listening = new AbortController()
  const stop = AbortSignal.any([signal, listening.signal])
  try {
    const message = once(child, 'message', { signal: stop })
    const end = once(child, 'exit', { signal: stop }).then(([code]) => {
      throw new LlmBatchError('conflict', `the local server ended by itself with ${code}`)
    })
    const [answer] = await Promise.race([message, end])
    return answer as Message
  } finally {
    listening.abort()
  }
}
