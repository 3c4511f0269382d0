/** An advisory that concerns a package of the lock file. */
interface Advisory {
  readonly package: string
  /** Versions with the fault, such as `>=1.0.0 <1.2.3`, several with `||` between. */
  readonly affected: string
  readonly id: string
  /** As the source tells it. */
  readonly severity: string
  readonly fixed: string
  readonly about: string
  /** The address of the page that told us. */
  readonly source: string
  readonly seenOn: string
}

/** A dated list of advisories. */
interface KnownAdvisories {
  readonly lookedForOn: string
  readonly how: string
  /** Packages for which none was found. */
  readonly noneFound: readonly string[]
  /** The reason to live with an advisory, by its id. */
  readonly accepted: Readonly<Record<string, string>>
  readonly advisories: readonly Advisory[]
}

/** What is read of a lock file. */
interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly dev?: boolean; readonly devOptional?: boolean }>
  >
}

/** An advisory beside a locked copy of its package. */
interface ComparedAdvisory extends Advisory {
  readonly version: string
  /** True where users get this copy. */
  readonly isAtRunTime: boolean
  readonly isAffected: boolean
  readonly reason: string | null
  readonly isHit: boolean
}

/** The project's list, from `scripts/advisories.json`. */
export const KNOWN: KnownAdvisories

/** One entry for each advisory and locked copy of its package. */
export function compare(lock: LockFile, known: KnownAdvisories): readonly ComparedAdvisory[]

/** Packages that users get and about which the list says nothing. */
export function notLookedFor(lock: LockFile, known: KnownAdvisories): readonly string[]

/** True where the version lies in the range. Throws for a range of another form. */
export function isInRange(version: string, range: string): boolean
