import { createHash } from 'node:crypto'

/** Variables that choose another part of the same account, and so other batches. */
const SCOPE_VARIABLES = ['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID'] as const

/**
 * A digest that is equal for the same key and scope, salted with the run's id, so that it tells nothing about the key
 * and cannot be compared between runs.
 */
export function accountOf(
  runId: string,
  apiKey: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const scope = SCOPE_VARIABLES.map((name) => environment[name] ?? '')
  return createHash('sha256')
    .update(JSON.stringify([runId, apiKey, ...scope]))
    .digest('hex')
    .slice(0, 16)
}
