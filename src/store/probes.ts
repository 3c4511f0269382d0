import type { ProbeRecord } from '../model/probe.ts'
import type { Driver } from './driver.ts'

/** Statements on live probes. Callers open the transaction. */

export function insertProbe(driver: Driver, probe: ProbeRecord): void {
  driver.run(
    'insert into probes (at, provider, base_url, record) values (?, ?, ?, ?)',
    probe.at,
    probe.provider,
    probe.baseUrl,
    JSON.stringify(probe),
  )
}

export function selectProbes(driver: Driver): readonly ProbeRecord[] {
  return driver
    .all<{ record: string }>('select record from probes order by at desc, key desc')
    .map(({ record }) => JSON.parse(record) as ProbeRecord)
}
