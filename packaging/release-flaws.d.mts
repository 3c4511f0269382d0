/** Versions and texts that a release is judged by. */
export interface ReleaseFacts {
  readonly version: string
  readonly lock: string
  readonly source: string
  readonly changelog: string
  /** What git says has changed; empty for a clean tree. */
  readonly changed: string
  readonly tag?: string
}

/** Sentences that say what is wrong; none where everything fits. */
export function flawsOf(facts: ReleaseFacts): readonly string[]

/** The formula for Homebrew of an archive. */
export function formulaOf(template: string, archive: { readonly version: string; readonly sha256: string }): string
