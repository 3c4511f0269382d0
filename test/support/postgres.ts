import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { inject } from 'vitest'
import { TestPostgres } from './embedded-postgres.ts'

/** The address of the Postgres that all tests of a run share; started when the first one asks. Use a schema of your own. */
export async function sharedPostgres(): Promise<string> {
  const socket = connect(inject('postgresPort'), '127.0.0.1')
  const answer = await text(socket)
  if (answer.startsWith('postgres://')) return answer
  throw new Error(`Postgres does not start here, so what is shown with it is not tested: ${answer}`)
}

/** The address of a home of its own in the shared Postgres, which no other test of any process has. */
export async function homeAddress(): Promise<string> {
  return `${await sharedPostgres()}?schema=home_${randomBytes(8).toString('hex')}`
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresPort: number
  }
}

/** A shared Postgres that is started when a test asks on this port. */
export interface PostgresOffer {
  readonly port: number
  close(): Promise<void>
}

/** For the setup of a test run. */
export async function offerPostgres(): Promise<PostgresOffer> {
  let started: Promise<TestPostgres> | undefined
  const server = createServer((socket) => {
    // Its end is only seen by who reads.
    socket.resume()
    started ??= TestPostgres.start()
    started.then(
      ({ url }) => socket.end(url),
      (error: unknown) => socket.end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      await (await started?.catch(() => undefined))?.stop()
    },
  }
}
