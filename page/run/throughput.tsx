import type { RunDetail } from '../../src/ui/contract.ts'
import { Chart } from '../parts/chart.tsx'
import { Empty } from '../parts/notices.tsx'
import { Section } from '../parts/section.tsx'
import { count, short } from '../words/quantity.ts'
import { duration } from '../words/time.ts'

/** Rows that came to an end, by the minute. */
export function Throughput({ run: { throughput } }: { readonly run: RunDetail }) {
  const { ended, pieceMs, startAt } = throughput
  const perMinute = ended.map((rows) => (rows * 60_000) / pieceMs)
  const most = Math.max(0, ...perMinute)
  const total = ended.reduce((sum, rows) => sum + rows, 0)
  const mean = ended.length === 0 ? 0 : (total * 60_000) / (pieceMs * ended.length)
  return (
    <Section
      title="Rows per minute"
      name="throughput"
      aside={total === 0 ? undefined : `${short(Math.round(mean))} on average, ${short(Math.round(most))} at most`}
    >
      {total === 0 ? (
        <Empty title="No batch has ended yet." />
      ) : (
        <Chart
          label={`${count(total)} rows ended in ${duration(pieceMs * ended.length)}: ${count(Math.round(mean))} a minute on average, ${count(Math.round(most))} at most.`}
          startAt={startAt}
          stepMs={pieceMs}
          values={perMinute}
        />
      )}
    </Section>
  )
}
