import type { Credentials } from '../config/credentials.ts'
import { LlmBatchError } from '../model/error.ts'
import type { ProbeRecord } from '../model/probe.ts'
import type { RunDefinition } from '../model/run.ts'
import { findProvider } from '../providers/registry.ts'
import { accountOf } from '../workspace/account.ts'
import type { Workspace } from '../workspace/workspace.ts'

/** On what the promise rests at the provider of a run. */
export interface Evidence {
  readonly probe: ProbeRecord
  /** Whether it was made with today's key and scope; null where there is no key to compare. */
  readonly isSameKey: boolean | null
}

/** The newest live probe at a run's provider and base URL, one with today's key first; null where there is none. */
export async function evidenceFor(
  { configuration, environment, store }: Pick<Workspace, 'configuration' | 'environment' | 'store'>,
  { baseUrl, provider }: Pick<RunDefinition, 'baseUrl' | 'provider'>,
): Promise<Evidence | null> {
  const probes = (await store.probes()).filter((probe) => probe.provider === provider && probe.baseUrl === baseUrl)
  const credentials = credentialsOf(configuration, provider)
  const isSame = ({ account, salt }: ProbeRecord): boolean =>
    credentials !== null && accountOf(salt, credentials, findProvider(provider), environment) === account
  const same = probes.find(isSame)
  const probe = same ?? probes[0]
  return probe ? { probe, isSameKey: credentials === null ? null : same !== undefined } : null
}

/** Looking needs no key. */
function credentialsOf(configuration: Workspace['configuration'], provider: string): Credentials | null {
  try {
    return configuration.credentialsFor(findProvider(provider))
  } catch (error) {
    if (LlmBatchError.isInstance(error)) return null
    throw error
  }
}
