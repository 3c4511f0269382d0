/** The key that the local server tells its users to set. It opens nothing. */
export const SIMULATED_KEY = 'simulated'

/**
 * What no text that is kept or shown may hold. The key of the local server is not a secret, and its answers hold the same
 * word.
 */
export function secretsOf({ apiKey }: { readonly apiKey: string }): readonly string[] {
  return apiKey === SIMULATED_KEY ? [] : [apiKey]
}
