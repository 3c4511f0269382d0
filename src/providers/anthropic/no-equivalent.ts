/** Part of a request that Anthropic has no equivalent for; never leaves this folder. */
export class NoEquivalent extends Error {
  override readonly name = 'NoEquivalent'
}

/** @throws NoEquivalent that says what Anthropic, or one of its models, does not support */
export function refuse(what: string, who = 'anthropic'): never {
  throw new NoEquivalent(`${who} does not support ${what}`)
}
