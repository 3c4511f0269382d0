import type { Cause, RunDetail } from '../../src/ui/contract.ts'
import { Meter } from '../parts/meter.tsx'
import { Empty } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'
import { Standing } from '../parts/standing.tsx'
import { rowsHref } from '../shell/route.ts'
import { count, counted } from '../words/quantity.ts'
import { standingOfRow } from '../words/states.ts'

/** Why rows did not succeed, the most frequent cause first, each with an example. */
export function Causes({ run }: { readonly run: RunDetail }) {
  const { causes, id, otherCauseRows } = run
  const most = Math.max(1, ...causes.map(({ rows }) => rows))
  return (
    <Section
      title="Errors by cause"
      name="causes"
      aside={causes.length === 0 ? undefined : counted(run.failedRows, 'row')}
    >
      {causes.length === 0 ? (
        <Empty title={run.doneRows === 0 ? 'No row has an outcome yet.' : 'Every row so far has a usable answer.'} />
      ) : (
        <table class="causes">
          <thead>
            <tr>
              <th scope="col" class="number">
                Rows
              </th>
              <th scope="col">Cause</th>
              <th scope="col">For example</th>
            </tr>
          </thead>
          <tbody>
            {causes.map((cause) => (
              <CauseRow key={`${cause.status} ${cause.code} ${cause.reason}`} cause={cause} most={most} run={id} />
            ))}
          </tbody>
        </table>
      )}
      {otherCauseRows > 0 ? <p class="aside">and {counted(otherCauseRows, 'row')} with other causes</p> : null}
    </Section>
  )
}

function CauseRow({ cause, most, run }: { readonly cause: Cause; readonly most: number; readonly run: string }) {
  const { code, example, reason, rows, status } = cause
  const filter = new URLSearchParams([
    ['status', status],
    ['code', code ?? ''],
  ])
  return (
    <tr>
      <td class="number">
        {count(rows)}
        <Meter isSlim parts={[{ share: rows / most, look: 'bad' }]} />
      </td>
      <td>
        <a data-entry class="cause" href={`${rowsHref(run)}?${filter}`}>
          <Standing {...standingOfRow({ status, isOnItsWay: false })} />
          {code === null ? null : (
            <code>
              <Said text={code} />
            </code>
          )}
        </a>
        <span class="under clamped">{reason === null ? 'no reason given' : <Said text={reason} />}</span>
      </td>
      <td>
        {example === null ? (
          <span class="none">–</span>
        ) : (
          <a href={rowsHref(run, { status, row: example.row })}>
            <Said text={example.id} />
          </a>
        )}
      </td>
    </tr>
  )
}
