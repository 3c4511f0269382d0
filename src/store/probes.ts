import type { ProbeRecord } from '../model/probe.ts'
import type { Sql } from './sql.ts'

/** Statements on live probes. Callers open the transaction. */

export async function insertProbe(sql: Sql, probe: ProbeRecord): Promise<void> {
  await sql.run(
    'insert into probes (at, provider, base_url, record) values (?, ?, ?, ?)',
    probe.at,
    probe.provider,
    probe.baseUrl,
    JSON.stringify(probe),
  )
}

export async function selectProbes(sql: Sql): Promise<readonly ProbeRecord[]> {
  return (await sql.all<{ record: string }>('select record from probes order by at desc, key desc')).map(
    ({ record }) => JSON.parse(record) as ProbeRecord,
  )
}
