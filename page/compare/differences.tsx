import type { ComparedSide, RowDifference } from '../../src/ui/contract.ts'
import { Said } from '../parts/said.tsx'
import { rowsHref } from '../shell/route.ts'

/** Rows that differ, with both answers beside each other. */
export function Differences({
  differences,
  runs,
}: {
  readonly differences: readonly RowDifference[]
  readonly runs: readonly [ComparedSide, ComparedSide]
}) {
  const hasRight = differences.some(({ right }) => right !== null)
  return (
    <ol class="differences">
      {differences.map((difference) => (
        <li key={difference.rows.join(' ')}>
          <p class="difference-input">
            <b>
              <Said text={difference.id} />
            </b>
            <span class="clamped">
              <Said text={difference.input.text} />
            </span>
          </p>
          <Side difference={difference} place={0} run={runs[0]} />
          <Side difference={difference} place={1} run={runs[1]} />
          {hasRight ? (
            <p class="difference-right">
              <span class="role">right</span>
              {difference.right === null ? '–' : <Said text={difference.right} />}
            </p>
          ) : null}
        </li>
      ))}
    </ol>
  )
}

function Side({
  difference,
  place,
  run,
}: {
  readonly difference: RowDifference
  readonly place: 0 | 1
  readonly run: ComparedSide
}) {
  const answer = difference.answers[place]
  const error = difference.errors[place]
  const letter = place === 0 ? 'A' : 'B'
  return (
    <a
      data-entry
      class="difference-side"
      href={rowsHref(run.id, { row: difference.rows[place] })}
      aria-label={`${difference.id} in run ${letter}`}
    >
      <b class="letter">{letter}</b>
      {answer ? (
        <span class="clamped">
          <Said text={answer.text} />
        </span>
      ) : (
        <span class="clamped is-error">
          {difference.statuses[place]}
          {error ? (
            <>
              : <Said text={error.text} />
            </>
          ) : null}
        </span>
      )}
    </a>
  )
}
