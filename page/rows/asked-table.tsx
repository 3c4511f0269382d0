import type { RowAsked } from '../../src/ui/contract.ts'
import { Said } from '../parts/said.tsx'
import { Standing } from '../parts/standing.tsx'
import { count } from '../words/quantity.ts'
import type { Standing as StandingFacts } from '../words/states.ts'
import { standingOfRow } from '../words/states.ts'
import { clock } from '../words/time.ts'

/** How a row was asked: every batch that holds or held it, and what came of it there. */
export function AskedTable({ asked, now }: { readonly asked: readonly RowAsked[]; readonly now: number }) {
  if (asked.length === 0) return null
  return (
    <div class="scroll">
      <table class="asked">
        <caption>How it was asked</caption>
        <thead>
          <tr>
            <th scope="col">Batch</th>
            <th scope="col">What came</th>
            <th scope="col">Billed</th>
            <th scope="col">Sent</th>
            <th scope="col">Ended</th>
          </tr>
        </thead>
        <tbody>
          {asked.map((one) => (
            <tr key={`${one.batch} ${one.question} ${one.remoteId}`}>
              <th scope="row">
                {count(one.batch)}
                {one.question > 0 ? <span class="aside"> question {count(one.question + 1)}</span> : null}
                {one.remoteId === null ? null : (
                  <code class="under">
                    <Said text={one.remoteId} />
                  </code>
                )}
              </th>
              <td>
                <Standing {...cameOf(one)} />
                {one.code === null && one.reason === null ? null : (
                  <span class="under">
                    <Said text={[one.code, one.reason].filter((part) => part !== null).join(': ')} />
                  </span>
                )}
              </td>
              <td>{one.billed ?? '–'}</td>
              <td>{one.submittedAt === null ? '–' : clock(one.submittedAt, now)}</td>
              <td>{one.endedAt === null ? '–' : clock(one.endedAt, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function cameOf({ status }: RowAsked): StandingFacts {
  if (status === 'open') return { sign: 'moving', word: 'on its way' }
  if (status === 'returned') return { sign: 'waiting', word: 'came back unanswered' }
  if (status === 'given_up') return { sign: 'none', word: 'given up' }
  return standingOfRow({ status, isOnItsWay: false })
}
