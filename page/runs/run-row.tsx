import type { RunSummary } from '../../src/ui/contract.ts'
import { Meter } from '../parts/meter.tsx'
import { RowsMeter } from '../parts/rows-meter.tsx'
import { Said } from '../parts/said.tsx'
import { Standing } from '../parts/standing.tsx'
import { runHref } from '../shell/route.ts'
import { count, counted, dollars } from '../words/quantity.ts'
import {
  ageWords,
  batchWords,
  committedUsd,
  isUnfinished,
  modelOf,
  queueShare,
  queueWords,
} from '../words/run-facts.ts'
import { standingOfRun } from '../words/states.ts'
import { duration, until } from '../words/time.ts'

/** One run of the list. */
export function RunRow({ now, run }: { readonly run: RunSummary; readonly now: number }) {
  return (
    <tr>
      <th scope="row" class="of-run">
        <a data-entry href={runHref(run.id)}>
          <Said text={run.name ?? run.id} />
        </a>
        <span class="under">
          {run.name === null ? null : <Said text={run.id} />}
          <Said text={modelOf(run)} />
        </span>
      </th>
      <td class="of-state">
        <Standing {...standingOfRun(run)} />
        {run.reason === null ? null : (
          <span class="under clamped">
            <Said text={run.reason} />
          </span>
        )}
      </td>
      <td class="of-rows">
        <RowsMeter run={run} />
        <span class="under">
          {count(run.doneRows)} of {count(run.rows)}
          {run.failedRows === 0 ? null : <b class="bad">{counted(run.failedRows, 'failed', 'failed')}</b>}
        </span>
      </td>
      <td class="of-batches">
        <Batches run={run} />
      </td>
      <td class="of-age">
        <Age run={run} now={now} />
      </td>
      <td class="of-next-look" data-title="Next look">
        {run.nextLookAt === null || !isUnfinished(run) ? <span class="none">–</span> : until(run.nextLookAt, now)}
      </td>
      <td class="of-cost">
        <Money run={run} />
      </td>
    </tr>
  )
}

function Batches({ run }: { readonly run: RunSummary }) {
  const words = batchWords(run)
  return (
    <>
      {words.length === 0 ? <span class="none">–</span> : words.join(', ')}
      {run.queues.map((queue) => (
        <span key={`${queue.provider}/${queue.model}`} class="under queue">
          <Meter isSlim parts={[{ share: queueShare(queue) ?? 0, look: 'aside' }]} />
          {queueWords(queue)}
        </span>
      ))}
    </>
  )
}

function Age({ now, run }: { readonly run: RunSummary; readonly now: number }) {
  const open = ageWords(run, now)
  if (open === null) {
    const end = run.finishedAt
    return (
      <>
        <span class="lead">
          {end === null ? duration(now - run.createdAt) : `took ${duration(end - run.createdAt)}`}
        </span>
        {end === null ? null : <span class="under">{duration(now - end)} ago</span>}
      </>
    )
  }
  const { expiresAt, oldestOpenAt } = run
  const share = expiresAt === null || oldestOpenAt === null ? null : (now - oldestOpenAt) / (expiresAt - oldestOpenAt)
  return (
    <>
      <span class="lead">{open}</span>
      {share === null ? null : <Meter isSlim parts={[{ share, look: share > 0.8 ? 'bad' : 'aside' }]} />}
    </>
  )
}

function Money({ run: { spent } }: { readonly run: RunSummary }) {
  const committed = committedUsd(spent)
  return (
    <>
      <span class="lead">{dollars(spent.totalUsd)}</span>
      {spent.capUsd === null ? null : (
        <span class="under">
          <Meter isSlim parts={[{ share: committed === null ? 0 : committed / spent.capUsd, look: 'aside' }]} />
          of {dollars(spent.capUsd)}
        </span>
      )}
    </>
  )
}
