import { createHash } from 'node:crypto'
import type { Credentials } from '../config/credentials.ts'
import type { Environment, ProviderEntry } from '../providers/provider-entry.ts'

/**
 * A digest that is equal for the same key, or command that prints tokens, and the same scope at a provider, salted with the
 * run's id, so that it tells nothing about the key and cannot be compared between runs.
 */
export function accountOf(
  runId: string,
  { apiKey, tokens }: Pick<Credentials, 'apiKey' | 'tokens'>,
  { scopeVariables = [] }: ProviderEntry,
  environment: Environment,
): string {
  const scope = scopeVariables.map((name) => environment[name] ?? '')
  return createHash('sha256')
    .update(JSON.stringify([runId, tokens?.command ?? apiKey, ...scope]))
    .digest('hex')
    .slice(0, 16)
}
