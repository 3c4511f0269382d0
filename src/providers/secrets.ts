/** The key that the local server tells its users to set. It opens nothing. */
export const SIMULATED_KEY = 'simulated'

/**
 * What no text that is kept or shown may hold. The key of the local server is not a secret, and its answers hold the same
 * word.
 */
export function secretsOf({
  apiKey,
  secrets,
}: {
  readonly apiKey: string
  readonly secrets?: readonly string[]
}): readonly string[] {
  return secrets ?? (apiKey === SIMULATED_KEY ? [] : [apiKey])
}
