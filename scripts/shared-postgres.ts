import type { TestProject } from 'vitest/node'
import { offerPostgres, type PostgresOffer } from '../test/support/postgres.ts'

let offer: PostgresOffer | undefined

/** Offers one Postgres to all tests of a run, which is started when the first of them asks for it. */
export async function setup(project: TestProject): Promise<void> {
  offer = await offerPostgres()
  project.provide('postgresPort', offer.port)
}

export async function teardown(): Promise<void> {
  await offer?.close()
}
