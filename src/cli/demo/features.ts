/** One row of the demo's input. A type, not an interface, so that it counts as a record. */
export type Feature = {
  readonly feature: string
  readonly name: string
  readonly description: string
}

/**
 * Features of the web platform, sorted by their key: 1,204 in the version that this package is installed with (npm
 * `web-features`, W3C WebDX community group, Apache-2.0). At most so many; loaded when asked for, it is two megabytes.
 */
export async function webFeatures(most: number): Promise<readonly Feature[]> {
  const { features } = await import('web-features')
  return Object.entries(features)
    .flatMap(([feature, entry]) =>
      entry.kind === 'feature' ? [{ feature, name: entry.name, description: entry.description }] : [],
    )
    .slice(0, most)
}
