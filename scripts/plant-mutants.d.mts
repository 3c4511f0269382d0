import type { CaughtMutant } from '../proof/mutants/caught-mutant.ts'
import type { Mutant } from '../proof/mutants/mutant.ts'

/** Plants these defects in copies of the sources; gives for each the first case that shows it, or null. */
export function plantMutants(
  defects: readonly Mutant[],
  onFound: (mutant: CaughtMutant) => void,
  original?: string,
): Promise<readonly CaughtMutant[]>
