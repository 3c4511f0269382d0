/** Tokens, and the models whose window they are. */
export type ModelsWithWindow = readonly [tokens: number, ...models: readonly string[]]

/** A list that is short to write as what `ProviderFacts.contextWindows` is. */
export function windowsByModel(windows: readonly ModelsWithWindow[]): Readonly<Record<string, number>> {
  return Object.fromEntries(windows.flatMap(([tokens, ...models]) => models.map((model) => [model, tokens])))
}
