import type { ComponentChildren } from 'preact'
import type { RunDetail } from '../../src/ui/contract.ts'
import { Meter } from '../parts/meter.tsx'
import { RowsMeter } from '../parts/rows-meter.tsx'
import { rowsHref } from '../shell/route.ts'
import { count, counted, dollars, percent } from '../words/quantity.ts'
import { ageWords, committedUsd, isUnfinished, queueShare, queueWords } from '../words/run-facts.ts'
import { clock, duration, until } from '../words/time.ts'

/** The figures of a run that one looks for first. */
export function Figures({ now, run }: { readonly run: RunDetail; readonly now: number }) {
  return (
    <dl class="figures">
      <Rows run={run} />
      <Failed run={run} />
      <Cost run={run} />
      <Time run={run} now={now} />
      {isUnfinished(run) ? <NextLook run={run} now={now} /> : null}
      {run.queues.map((queue) => (
        <Figure
          key={`${queue.provider}/${queue.model}`}
          title="Waiting for quota"
          value={queueWords(queue)}
          under={`${counted(queue.waitingBatches, 'batch', 'batches')} of this run waiting`}
        >
          <Meter isSlim parts={[{ share: queueShare(queue) ?? 0, look: 'aside' }]} />
        </Figure>
      ))}
    </dl>
  )
}

interface FigureFacts {
  readonly title: string
  readonly value: ComponentChildren
  readonly under?: ComponentChildren
  readonly children?: ComponentChildren
}

function Figure({ children, title, under, value }: FigureFacts) {
  return (
    <div class="figure">
      <dt>{title}</dt>
      <dd>
        <span class="figure-value">{value}</span>
        {children}
        {under ? <span class="under">{under}</span> : null}
      </dd>
    </div>
  )
}

function Rows({ run }: { readonly run: RunDetail }) {
  const { carriedRows, counts, doneRows, executedThere, rows, sharedRows } = run
  const parts = [
    `of ${count(rows)}`,
    counts.batched > 0 ? `${count(counts.batched)} in batches` : '',
    executedThere > 0 ? `${count(executedThere)} executed, results to come` : '',
    counts.pending > 0 ? `${count(counts.pending)} pending` : '',
    carriedRows > 0 ? `${count(carriedRows)} carried over` : '',
    sharedRows > 0 ? `${count(sharedRows)} shared` : '',
  ].filter((part) => part !== '')
  return (
    <Figure
      title="Rows done"
      value={
        <>
          {count(doneRows)} <small class="strong">{percent(doneRows, rows)}</small>
        </>
      }
      under={parts.join(', ')}
    >
      <RowsMeter run={run} />
    </Figure>
  )
}

function Failed({ run }: { readonly run: RunDetail }) {
  const { failedRows, id, reasked } = run
  const again = reasked && reasked.rows > 0 ? `${counted(reasked.rows, 'row')} asked again` : null
  return (
    <Figure
      title="Without a usable answer"
      value={
        failedRows === 0 ? (
          '0'
        ) : (
          <a href={rowsHref(id, failedFilter(run))} class="bad">
            {count(failedRows)}
          </a>
        )
      }
      under={again}
    />
  )
}

function failedFilter({ counts }: RunDetail): URLSearchParams {
  const search = new URLSearchParams()
  const passed = ['succeeded', 'pending', 'batched']
  for (const [status, rows] of Object.entries(counts))
    if (rows > 0 && !passed.includes(status)) search.append('status', status)
  return search
}

function Cost({ run: { spent } }: { readonly run: RunDetail }) {
  const { capUsd, reservedUsd, savedUsd, totalUsd } = spent
  const committed = committedUsd(spent)
  const parts = [
    savedUsd !== null && savedUsd > 0 ? `${dollars(savedUsd)} less than synchronous calls` : '',
    reservedUsd > 0 ? `${dollars(reservedUsd)} set aside` : '',
  ].filter((part) => part !== '')
  return (
    <Figure
      title="Cost"
      value={
        <>
          {dollars(totalUsd)} {capUsd === null ? null : <small>of {dollars(capUsd)}</small>}
        </>
      }
      under={parts.join(', ')}
    >
      {capUsd === null || totalUsd === null || committed === null ? null : (
        <Meter
          isSlim
          parts={[
            { share: totalUsd / capUsd, look: 'good' },
            { share: (committed - totalUsd) / capUsd, look: 'aside' },
          ]}
        />
      )}
    </Figure>
  )
}

function Time({ now, run }: { readonly run: RunDetail; readonly now: number }) {
  const { createdAt, deadlineAt, expiresAt, finishedAt, oldestOpenAt } = run
  const age = ageWords(run, now)
  if (age === null || oldestOpenAt === null) {
    return (
      <Figure
        title={finishedAt === null ? 'Begun' : 'Took'}
        value={finishedAt === null ? `${duration(now - createdAt)} ago` : duration(finishedAt - createdAt)}
        under={finishedAt === null ? clock(createdAt, now) : `finished ${clock(finishedAt, now)}`}
      />
    )
  }
  const share = expiresAt === null ? null : (now - oldestOpenAt) / (expiresAt - oldestOpenAt)
  const ends = expiresAt === null ? '' : `runs out ${until(expiresAt, now)}`
  return (
    <Figure
      title="Oldest open batch"
      value={age}
      under={deadlineAt === null ? ends : `${ends}; deadline ${until(deadlineAt, now)}`}
    >
      {share === null ? null : <Meter isSlim parts={[{ share, look: share > 0.8 ? 'bad' : 'aside' }]} />}
    </Figure>
  )
}

function NextLook({ now, run: { isWorkedOn, nextLookAt } }: { readonly run: RunDetail; readonly now: number }) {
  return (
    <Figure
      title="Next look"
      value={nextLookAt === null ? '–' : until(nextLookAt, now)}
      under={isWorkedOn ? 'a process works on it' : 'no process works on it'}
    />
  )
}
