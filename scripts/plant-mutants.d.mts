import type { Bite } from '../proof/teeth/bite.ts'
import type { Defect } from '../proof/teeth/defect.ts'

/** Plants these defects in copies of the sources; gives for each the first case that shows it, or null. */
export function plantDefects(
  defects: readonly Defect[],
  onFound: (bite: Bite) => void,
  original?: string,
): Promise<readonly Bite[]>
