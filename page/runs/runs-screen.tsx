import type { RunSummary, WorkerSeen } from '../../src/ui/contract.ts'
import { useNow } from '../data/use-now.ts'
import { Command } from '../parts/command.tsx'
import { Empty, Failure, Loading } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { count, counted } from '../words/quantity.ts'
import { isUnfinished } from '../words/run-facts.ts'
import { duration } from '../words/time.ts'
import { RunRow } from './run-row.tsx'
import { useRuns } from './use-runs.ts'

/** All runs of the home. */
export function RunsScreen() {
  const { again, failure, hasMore, more, runs, total, workers } = useRuns()
  if (!runs) return failure ? <Failure failure={failure} again={again} /> : <Loading what="runs" />
  return (
    <>
      <div class="title-line">
        <h1>Runs</h1>
        <p class="aside">{overview(runs, total)}</p>
      </div>
      <Workers workers={workers} />
      {failure ? <Failure failure={failure} again={again} /> : null}
      {runs.length === 0 ? <NoRuns /> : <RunTable runs={runs} />}
      {hasMore ? (
        <p class="more">
          <button type="button" onClick={more}>
            Show older runs
          </button>
          <span class="aside">
            {count(runs.length)} of {count(total)}
          </span>
        </p>
      ) : null}
    </>
  )
}

function overview(runs: readonly RunSummary[], total: number): string {
  const open = runs.filter(isUnfinished).length
  return `${counted(total, 'run')}${open === 0 ? '' : `, ${count(open)} unfinished`}`
}

function NoRuns() {
  return (
    <Empty title="There are no runs here yet.">
      <p>Start one, and it appears here by itself:</p>
      <p>
        <Command line="llm-batch run INPUT --model PROVIDER/MODEL" />
      </p>
    </Empty>
  )
}

const TITLES = ['State', 'Rows', 'Batches', 'Age', 'Next look', 'Cost'] as const

function RunTable({ runs }: { readonly runs: readonly RunSummary[] }) {
  const now = useNow()
  return (
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">Run</th>
          {TITLES.map((title) => (
            <th key={title} scope="col" class={`of-${title.toLowerCase().replace(' ', '-')}`}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.id} run={run} now={now} />
        ))}
      </tbody>
    </table>
  )
}

function Workers({ workers }: { readonly workers: readonly WorkerSeen[] }) {
  const now = useNow()
  if (workers.length === 0) return null
  return (
    <p class="aside workers">
      {counted(workers.length, 'worker')} at work:{' '}
      {workers.map(({ place, startedAt }, index) => (
        <span key={place}>
          {index > 0 ? '; ' : ''}
          <Said text={place} /> for {duration(now - startedAt)}
        </span>
      ))}
    </p>
  )
}
