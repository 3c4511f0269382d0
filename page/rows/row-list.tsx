import type { RowLine } from '../../src/ui/contract.ts'
import { Said } from '../parts/said.tsx'
import { Standing } from '../parts/standing.tsx'
import { rowsHref, without } from '../shell/route.ts'
import { count } from '../words/quantity.ts'
import { standingOfRow } from '../words/states.ts'

/** Found rows, each with the beginning of its input and of its answer or error. */
export function RowList({
  rows,
  run,
  search,
}: {
  readonly rows: readonly RowLine[]
  readonly run: string
  readonly search: URLSearchParams
}) {
  const chosen = search.get('row')
  return (
    <ol class="row-list">
      {rows.map((line) => {
        const next = without(search, 'row')
        next.set('row', String(line.row))
        return (
          <li key={line.row}>
            <a
              data-entry="beside"
              href={rowsHref(run, next)}
              aria-current={chosen === String(line.row) ? 'true' : undefined}
            >
              <RowLineText line={line} />
            </a>
          </li>
        )
      })}
    </ol>
  )
}

function RowLineText({ line }: { readonly line: RowLine }) {
  const { answer, error, id, input, isShared, tries } = line
  const came = answer ?? error
  return (
    <>
      <span class="row-head">
        <span class="row-id">
          <Said text={id} />
        </span>
        {tries > 1 ? <span class="aside">asked {count(tries)} times</span> : null}
        {isShared ? <span class="aside">shared</span> : null}
        <Standing {...standingOfRow(line)} />
      </span>
      <span class="row-text">
        <Said text={`${input.text}${input.isCut ? '…' : ''}`} />
      </span>
      {came === null ? null : (
        <span class={answer === null ? 'row-text is-error' : 'row-text is-answer'}>
          <Said text={`${came.text}${came.isCut ? '…' : ''}`} />
        </span>
      )}
    </>
  )
}
