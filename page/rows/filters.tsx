import { useEffect, useRef, useState } from 'preact/hooks'
import type { RunDetail } from '../../src/ui/contract.ts'
import { Said } from '../parts/said.tsx'
import { SignMark } from '../parts/standing.tsx'
import { replaceHref, rowsHref, without } from '../shell/route.ts'
import { count, short } from '../words/quantity.ts'
import { ROW_STATUSES, standingOfRow } from '../words/states.ts'

/** Typing is taken for a search after so long without another key. */
const TYPING_MS = 300

/** What the rows are chosen by: a text, what became of them, and what a link has brought. */
export function Filters({
  id,
  run,
  search,
}: {
  readonly run: RunDetail | undefined
  readonly id: string
  readonly search: URLSearchParams
}) {
  const change = (next: URLSearchParams): void => replaceHref(rowsHref(id, without(next, 'at', 'row')))
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <Search
        text={search.get('q') ?? ''}
        onText={(text) => {
          const next = without(search, 'q')
          if (text !== '') next.set('q', text)
          change(next)
        }}
      />
      <fieldset class="statuses">
        <legend class="unseen">Status</legend>
        {ROW_STATUSES.map((status) => {
          const rows = run ? rowsOf(run, status) : 0
          const isChosen = search.getAll('status').includes(status)
          if (rows === 0 && !isChosen) return null
          return (
            <label key={status} class="chip">
              <input type="checkbox" checked={isChosen} onChange={() => change(toggled(search, status))} />
              <SignMark sign={standingOfRow({ status, isOnItsWay: false }).sign} />
              {status} <span class="aside">{short(rows)}</span>
            </label>
          )
        })}
        <label class="chip">
          <input
            type="checkbox"
            checked={search.has('asked')}
            onChange={() => {
              const next = without(search, 'asked')
              if (!search.has('asked')) next.set('asked', '2')
              change(next)
            }}
          />
          asked more than once
        </label>
      </fieldset>
      <Brought search={search} onLess={(name) => change(without(search, name))} />
    </form>
  )
}

function Search({ onText, text }: { readonly text: string; readonly onText: (text: string) => void }) {
  const [typed, setTyped] = useState(text)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => setTyped(text), [text])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <input
      type="search"
      data-search
      aria-label="Search in rows"
      placeholder="Search prompts, answers, errors, ids"
      value={typed}
      onInput={(event) => {
        const next = event.currentTarget.value
        setTyped(next)
        clearTimeout(timer.current)
        timer.current = setTimeout(() => onText(next.trim()), TYPING_MS)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return
        clearTimeout(timer.current)
        onText(typed.trim())
      }}
    />
  )
}

/** Filters that came with a link: a cause, a batch. */
function Brought({ onLess, search }: { readonly search: URLSearchParams; readonly onLess: (name: string) => void }) {
  const code = search.get('code')
  const batch = search.get('batch')
  return (
    <>
      {code === null ? null : (
        <button type="button" class="chip is-chosen" onClick={() => onLess('code')}>
          cause: {code === '' ? 'no code' : <Said text={code} />} <span aria-hidden="true">×</span>
          <span class="unseen">remove this filter</span>
        </button>
      )}
      {batch === null ? null : (
        <button type="button" class="chip is-chosen" onClick={() => onLess('batch')}>
          batch {count(Number(batch))} <span aria-hidden="true">×</span>
          <span class="unseen">remove this filter</span>
        </button>
      )}
    </>
  )
}

function toggled(search: URLSearchParams, status: string): URLSearchParams {
  const next = without(search, 'status')
  const chosen = search.getAll('status')
  const wanted = chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]
  for (const one of wanted) next.append('status', one)
  return next
}

function rowsOf({ counts }: RunDetail, status: (typeof ROW_STATUSES)[number]): number {
  return status === 'pending' ? counts.pending + counts.batched : counts[status]
}
