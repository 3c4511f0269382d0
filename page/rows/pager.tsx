import { useRef } from 'preact/hooks'
import { rowsHref, without } from '../shell/route.ts'
import { count } from '../words/quantity.ts'
import { type FoundRows, PAGE_ROWS } from './use-row-page.ts'

/** The way through pages: back, on, and to any row. */
export function Pager({
  id,
  isFiltered,
  page,
  search,
}: {
  readonly page: FoundRows
  readonly id: string
  readonly search: URLSearchParams
  readonly isFiltered: boolean
}) {
  // Where earlier pages of this filter began; of a link into the middle nothing is known.
  const begun = useRef<{ readonly filter: string; readonly starts: number[] }>({ filter: '', starts: [] })
  const filter = without(search, 'at', 'row').toString()
  if (begun.current.filter !== filter) begun.current = { filter, starts: [] }
  const { from, hasMore, lookedTo, total } = page
  const go = (at: number): void => {
    const next = without(search, 'at', 'row')
    if (at > 0) next.set('at', String(at))
    location.hash = rowsHref(id, next)
  }
  const back = (): void => {
    const known = begun.current.starts.pop()
    go(known ?? (isFiltered ? 0 : Math.max(0, from - PAGE_ROWS)))
  }
  const on = (): void => {
    begun.current.starts.push(from)
    go(lookedTo)
  }
  return (
    <nav class="pages" aria-label="Pages of rows">
      <button type="button" data-key="p" disabled={from === 0} onClick={back}>
        Previous
      </button>
      <button type="button" data-key="n" disabled={!hasMore || page.isLooking} onClick={on}>
        Next
      </button>
      {total > PAGE_ROWS ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            const typed = Number(new FormData(event.currentTarget).get('row'))
            if (Number.isInteger(typed) && typed >= 1) go(Math.min(typed, total) - 1)
          }}
        >
          <label>
            Go to row
            <input
              name="row"
              type="number"
              min="1"
              max={total}
              inputMode="numeric"
              placeholder={`1 to ${count(total)}`}
            />
          </label>
        </form>
      ) : null}
    </nav>
  )
}
