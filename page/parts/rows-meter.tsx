import type { RunSummary } from '../../src/ui/contract.ts'
import { Meter } from './meter.tsx'

/** How far the rows of a run are: succeeded, failed, executed at the provider, in batches. */
export function RowsMeter({ run }: { readonly run: RunSummary }) {
  const { counts, executedThere, failedRows, rows } = run
  const of = (part: number): number => (rows === 0 ? 0 : part / rows)
  const executed = Math.min(executedThere, counts.batched)
  return (
    <Meter
      parts={[
        { share: of(counts.succeeded), look: 'good' },
        { share: of(failedRows), look: 'bad' },
        { share: of(executed), look: 'moving' },
        { share: of(counts.batched - executed), look: 'aside' },
      ]}
    />
  )
}
