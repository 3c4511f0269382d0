import type { CompareAccuracy, CompareDone, ComparedSide } from '../../src/ui/contract.ts'
import { Meter } from '../parts/meter.tsx'
import { Empty } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'
import { runHref } from '../shell/route.ts'
import { count, counted, dollars, percent, short } from '../words/quantity.ts'
import { titleOf } from '../words/run-facts.ts'
import { Differences } from './differences.tsx'

const JOINED = { place: 'their place', id: 'their id', column: 'a column' } as const

/** What a comparison came to. */
export function Compared({ answer, search }: { readonly answer: CompareDone; readonly search: URLSearchParams }) {
  const { accuracy, bothAnsweredRows, differences, differentRows, equalRows, joinedBy, pendingRows, rows, runs } =
    answer
  return (
    <div class="panels compared">
      <Section title="Agreement" name="agreement" aside={`${counted(rows, 'row')} joined by ${JOINED[joinedBy]}`}>
        <p class="big">
          {percent(equalRows, bothAnsweredRows)} <small>of {counted(bothAnsweredRows, 'answer')} are equal</small>
        </p>
        <Meter
          parts={[
            { share: bothAnsweredRows === 0 ? 0 : equalRows / bothAnsweredRows, look: 'good' },
            { share: bothAnsweredRows === 0 ? 0 : 1 - equalRows / bothAnsweredRows, look: 'plain' },
          ]}
        />
        <p class="under">
          {counted(differentRows, 'row')} with a difference
          {pendingRows > 0 ? `, ${counted(pendingRows, 'row')} without a result in one of the runs` : ''}
        </p>
        <Sides runs={runs} />
      </Section>
      {accuracy ? <Accuracy accuracy={accuracy} runs={runs} column={search.get('gold') ?? ''} /> : null}
      <Section
        title="Rows that differ"
        name="differences"
        aside={
          differentRows > differences.length
            ? `the first ${count(differences.length)} of ${count(differentRows)}`
            : counted(differentRows, 'row')
        }
      >
        {differences.length === 0 ? (
          <Empty title="No row differs." />
        ) : (
          <Differences differences={differences} runs={runs} />
        )}
      </Section>
    </div>
  )
}

function Sides({ runs }: { readonly runs: readonly [ComparedSide, ComparedSide] }) {
  return (
    <table class="compared-sides">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col" class="number">
            Answered
          </th>
          <th scope="col" class="number of-tokens">
            Tokens
          </th>
          <th scope="col" class="number">
            Cost
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((side, place) => (
          <tr key={`${place} ${side.id}`}>
            <th scope="row">
              <b class="letter">{place === 0 ? 'A' : 'B'}</b>
              <a href={runHref(side.id)}>
                <Said text={titleOf(side)} />
              </a>
              <span class="under">
                {side.model === null ? '' : <Said text={side.model} />}
                {side.aloneRows > 0 ? ` ${counted(side.aloneRows, 'row')} that the other does not have` : ''}
              </span>
            </th>
            <td class="number">{count(side.answeredRows)}</td>
            <td class="number of-tokens">
              {side.promptTokens === null || side.completionTokens === null
                ? 'unknown'
                : `${short(side.promptTokens)} + ${short(side.completionTokens)}`}
            </td>
            <td class="number">{dollars(side.costUsd)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Shares of right answers with their intervals, and whether the runs can be told apart. */
function Accuracy({
  accuracy,
  column,
  runs,
}: {
  readonly accuracy: CompareAccuracy
  readonly runs: readonly [ComparedSide, ComparedSide]
  readonly column: string
}) {
  const { better, intervals, p, right, rows } = accuracy
  const best = better === null ? null : runs[better === 'a' ? 0 : 1]
  return (
    <Section
      title="Right answers"
      name="accuracy"
      aside={<Said text={`${counted(rows, 'row')} by the column ${column}`} />}
    >
      <ul class="models">
        {right.map((rightRows, place) => {
          const [low, high] = intervals[place === 0 ? 0 : 1]
          return (
            <li key={place === 0 ? 'a' : 'b'}>
              <div class="model-name">
                <span>
                  <b class="letter">{place === 0 ? 'A' : 'B'}</b> {percent(rightRows, rows)}
                </span>
                <span class="aside">
                  {count(rightRows)} right; {percent(low, 1)} to {percent(high, 1)} with 95 % confidence
                </span>
              </div>
              <span class="track interval" aria-hidden="true">
                <span
                  class="span is-done"
                  style={{ left: '0%', width: `${rows === 0 ? 0 : (100 * rightRows) / rows}%` }}
                />
                <span class="whisker" style={{ left: `${low * 100}%`, width: `${(high - low) * 100}%` }} />
              </span>
            </li>
          )
        })}
      </ul>
      <p class="under">
        {best ? `${titleOf(best)} is better` : 'Neither is shown to be better'}
        {p === null ? '' : ` (p = ${p < 0.001 ? 'under 0.001' : p.toFixed(3)}, McNemar)`}
      </p>
    </Section>
  )
}
