import type { RunDetail } from '../../src/ui/contract.ts'
import { useAnswer } from '../data/use-answer.ts'
import { Empty, Failure, Loading } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { RUNS, rowsHref, runHref, without } from '../shell/route.ts'
import { count, counted } from '../words/quantity.ts'
import { titleOf } from '../words/run-facts.ts'
import { Filters } from './filters.tsx'
import { Pager } from './pager.tsx'
import { RowList } from './row-list.tsx'
import { RowPanel } from './row-panel.tsx'
import { type FoundRows, useRowPage } from './use-row-page.ts'

/** The rows of a run: found on the left, one of them whole on the right, or alone where there is little room. */
export function RowsScreen({ id, search }: { readonly id: string; readonly search: URLSearchParams }) {
  const { failure: runFailure, value: run } = useAnswer<RunDetail>(`runs/${encodeURIComponent(id)}`, id)
  const filter = without(search, 'row', 'at').toString()
  const at = Number(search.get('at') ?? 0)
  const { failure, page } = useRowPage(id, filter, at)
  const row = search.get('row')
  if (runFailure && !run) return <Failure failure={runFailure} />
  return (
    <div class={row === null ? 'rows-layout' : 'rows-layout has-row'}>
      <div class="rows-side">
        <nav class="crumbs" aria-label="Where you are">
          <a href={RUNS}>Runs</a>
          <span aria-hidden="true">/</span>
          <a href={runHref(id)}>
            <Said text={run ? titleOf(run) : id} />
          </a>
        </nav>
        <div class="title-line">
          <h1>Rows</h1>
          <p class="aside">{run ? counted(run.rows, 'row') : ''}</p>
        </div>
        <Filters run={run} id={id} search={search} />
        {failure ? <Failure failure={failure} /> : null}
        {page ? <FoundLine page={page} isFiltered={filter !== ''} /> : failure ? null : <Loading what="rows" />}
        {page ? <Rows page={page} id={id} search={search} /> : null}
        {page ? <Pager page={page} id={id} search={search} isFiltered={filter !== ''} /> : null}
      </div>
      {row === null ? (
        <div class="row-side is-empty">
          <Empty title="Choose a row to see its prompt and its answer.">
            <p>
              <kbd>j</kbd> and <kbd>k</kbd> go through the list, <kbd>/</kbd> searches, <kbd>?</kbd> shows all keys.
            </p>
          </Empty>
        </div>
      ) : (
        <RowPanel run={id} row={Number(row)} search={search} />
      )}
    </div>
  )
}

function Rows({
  id,
  page,
  search,
}: {
  readonly page: FoundRows
  readonly id: string
  readonly search: URLSearchParams
}) {
  if (page.rows.length > 0) return <RowList rows={page.rows} run={id} search={search} />
  if (page.isLooking) return null
  if (page.total === 0) return <Empty title="This run has no rows yet." />
  return (
    <Empty title={page.from > 0 ? 'No more rows fit.' : 'No row fits.'}>
      <a href={rowsHref(id)}>Show all rows</a>
    </Empty>
  )
}

function FoundLine({ isFiltered, page }: { readonly page: FoundRows; readonly isFiltered: boolean }) {
  const { fitting, from, isLooking, lookedTo, rows, total } = page
  if (isLooking) {
    return (
      <p class="aside found" role="status">
        Looking: {count(rows.length)} found in rows {count(from + 1)} to {count(lookedTo)} of {count(total)}…
      </p>
    )
  }
  const range = lookedTo <= from ? 'no rows' : `rows ${count(from + 1)} to ${count(lookedTo)}`
  const words = isFiltered
    ? fitting === null
      ? `${counted(rows.length, 'row')} found in ${range} of ${count(total)}`
      : `${counted(fitting, 'row')} of ${count(total)} fit`
    : range
  return (
    <p class="aside found" role="status">
      {words}
    </p>
  )
}
