import { useState } from 'preact/hooks'
import type { BatchBar, BatchPage, RunDetail } from '../../src/ui/contract.ts'
import { withParameters } from '../data/ask.ts'
import { useAnswer } from '../data/use-answer.ts'
import { Empty, Failure, Loading } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'
import { Standing } from '../parts/standing.tsx'
import { rowsHref } from '../shell/route.ts'
import { count, counted } from '../words/quantity.ts'
import { standingOfBatch } from '../words/states.ts'
import { clock, duration, until } from '../words/time.ts'
import { type TimeScale, timeScale } from './time-scale.ts'

const PAGE_BATCHES = 100

/** The batches of a run as bars over time: from when each was planned to when it ended, or to now. */
export function Batches({ now, run }: { readonly run: RunDetail; readonly now: number }) {
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null])
  const cursor = cursors.at(-1) ?? null
  const path = withParameters(`runs/${run.id}/batches`, { limit: PAGE_BATCHES, cursor })
  const { again, failure, value: page } = useAnswer<BatchPage>(path, run.id)
  const first = (cursors.length - 1) * PAGE_BATCHES + 1
  return (
    <Section title="Batches" name="batches" aside={page ? counted(page.total, 'batch', 'batches') : undefined}>
      {failure ? <Failure failure={failure} again={again} /> : null}
      {page || failure ? null : <Loading what="batches" />}
      {page?.total === 0 ? <Empty title="Nothing was sent in batches." /> : null}
      {page && page.total > 0 ? <Bars batches={page.batches} run={run} now={now} /> : null}
      {page && page.total > PAGE_BATCHES ? (
        <p class="pages">
          <button type="button" disabled={cursors.length === 1} onClick={() => setCursors(cursors.slice(0, -1))}>
            Previous
          </button>
          <span>
            {count(first)} to {count(first + page.batches.length - 1)} of {count(page.total)}
          </span>
          <button type="button" disabled={page.next === null} onClick={() => setCursors([...cursors, page.next])}>
            Next
          </button>
        </p>
      ) : null}
    </Section>
  )
}

function Bars({
  batches,
  now,
  run,
}: {
  readonly batches: readonly BatchBar[]
  readonly run: RunDetail
  readonly now: number
}) {
  const scale = timeScale(batches, now)
  return (
    <div class="batches-scroll">
      <table class="batches">
        <thead>
          <tr>
            <th scope="col">Batch</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Rows
            </th>
            <th scope="col" class="of-time">
              At the provider
            </th>
            <th scope="col" class="of-bar">
              <span class="ticks">
                {scale.ticks.map((at) => (
                  <span key={at} style={{ left: `${scale.place(at)}%` }}>
                    {clock(at, now)}
                  </span>
                ))}
              </span>
              <span class="unseen">Over time</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {batches.map((batch) => (
            <BatchRow key={batch.batch} batch={batch} run={run} now={now} scale={scale} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface BatchRowFacts {
  readonly batch: BatchBar
  readonly run: RunDetail
  readonly now: number
  readonly scale: TimeScale
}

function BatchRow({ batch, now, run, scale }: BatchRowFacts) {
  const { attempt, kind, reason, remoteCompleted, remoteId, requests } = batch
  const standing = standingOfBatch(batch)
  const { succeeded = 0, pending = 0, batched = 0 } = batch.counts
  const settled = Object.values(batch.counts).reduce((sum, rows) => sum + rows, 0) - pending - batched
  const executed = Math.max(settled, remoteCompleted ?? 0)
  return (
    <tr>
      <th scope="row" class="of-batch">
        <a data-entry href={rowsHref(run.id, { batch: batch.batch })} title={remoteId ?? undefined}>
          {count(batch.batch)}
        </a>
        {attempt > 1 ? <span class="aside"> attempt {count(attempt)}</span> : null}
        {kind === 'batch' ? null : <span class="aside"> {kind}</span>}
      </th>
      <td class="of-state">
        <Standing {...standing} />
        {reason === null ? null : (
          <span class="under clamped">
            <Said text={reason} />
          </span>
        )}
      </td>
      <td class="number of-rows">
        {settled > succeeded ? <b class="bad">{counted(settled - succeeded, 'failed', 'failed')}</b> : null}
        {executed < requests ? `${count(executed)} of ${count(requests)}` : count(requests)}
      </td>
      <td class="of-time">
        <Time batch={batch} now={now} />
      </td>
      <td class="of-bar">
        <Bar batch={batch} scale={scale} now={now} />
      </td>
    </tr>
  )
}

function Bar({ batch, now, scale }: Omit<BatchRowFacts, 'run'>) {
  const { endedAt, plannedAt, submittedAt } = batch
  const { sign } = standingOfBatch(batch)
  const isOpen = endedAt === null
  const isOver = isOpen && (sign === 'done' || sign === 'none')
  const end = endedAt ?? (isOver ? (submittedAt ?? plannedAt) : now)
  const span = (from: number, to: number) => ({
    left: `${scale.place(from)}%`,
    width: `${Math.max(0.4, scale.place(to) - scale.place(from))}%`,
  })
  return (
    <span class="track" aria-hidden="true">
      <span class="span is-here" style={span(plannedAt, submittedAt ?? end)} />
      {submittedAt === null ? null : (
        <span class={`span is-${sign}${isOpen ? ' is-open' : ''}`} style={span(submittedAt, end)} />
      )}
    </span>
  )
}

/** How long the provider has had it, and what comes next where it has it still. */
function Time({ batch, now }: Omit<BatchRowFacts, 'run' | 'scale'>) {
  const { endedAt, expiresAt, nextAt, submittedAt } = batch
  if (submittedAt === null) return <span class="none">–</span>
  if (endedAt !== null) return <span title={`until ${clock(endedAt, now)}`}>{duration(endedAt - submittedAt)}</span>
  const parts = [
    nextAt === null ? '' : `next look ${until(nextAt, now)}`,
    expiresAt === null ? '' : `runs out ${until(expiresAt, now)}`,
  ].filter((part) => part !== '')
  return (
    <>
      {duration(now - submittedAt)}
      <span class="under">{parts.join(', ')}</span>
    </>
  )
}
