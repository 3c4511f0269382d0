import type { TestProject } from 'vitest/node'
import { offerPostgres } from '../test/support/postgres.ts'

/** Offers one Postgres to all tests of a run, which is started when the first of them asks for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const offer = await offerPostgres()
  project.provide('postgresPort', offer.port)
  return () => offer.close()
}
