/** Part of a request that Gemini has no equivalent for; never leaves this folder. */
export class NoEquivalent extends Error {
  override readonly name = 'NoEquivalent'
}

/** @throws NoEquivalent that says what Gemini does not support */
export function refuse(what: string): never {
  throw new NoEquivalent(`gemini does not support ${what}`)
}
