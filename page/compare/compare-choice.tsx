import type { RunDetail, RunSummary } from '../../src/ui/contract.ts'
import { useAnswer } from '../data/use-answer.ts'
import { compareHref, replaceHref } from '../shell/route.ts'
import { count } from '../words/quantity.ts'
import { modelOf, titleOf } from '../words/run-facts.ts'

/** Which two runs are compared, and how. */
export function CompareChoice({
  runs,
  search,
}: {
  readonly runs: readonly RunSummary[]
  readonly search: URLSearchParams
}) {
  const first = search.get('a')
  const { value: detail } = useAnswer<RunDetail>(first === null ? null : `runs/${encodeURIComponent(first)}`)
  const change = (name: string, value: string): void => {
    const next = new URLSearchParams(search)
    if (value === '') next.delete(name)
    else next.set(name, value)
    replaceHref(compareHref(next))
  }
  // A link may name a run by its name, or by the beginning of its id.
  const chosen = (name: string): string => {
    const value = search.get(name) ?? ''
    if (value === '' || (name !== 'a' && name !== 'b')) return value
    return runs.find(({ id, name: title }) => id === value || title === value || id.startsWith(value))?.id ?? value
  }
  const columns = (detail?.columns ?? []).map((name) => [name, name] as const)
  const fields = (detail?.fields ?? []).map((name) => [name, name] as const)
  const names = runs.map((run) => [run.id, `${titleOf(run)} · ${modelOf(run)} · ${count(run.rows)} rows`] as const)
  const choice = (label: string, name: string, empty: string, choices: readonly (readonly [string, string])[]) => (
    <label class="field" key={name}>
      {label}
      <select value={chosen(name)} onChange={(event) => change(name, event.currentTarget.value)}>
        <option value="">{empty}</option>
        {choices.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <form class="choices" onSubmit={(event) => event.preventDefault()}>
      {choice('Run A', 'a', 'choose a run', names)}
      {choice('Run B', 'b', 'choose a run', names)}
      {columns.length === 0 ? null : choice('Rows joined by', 'by', 'place or id', columns)}
      {columns.length === 0 ? null : choice('Right answers in', 'gold', 'no column', columns)}
      {fields.length === 0 ? null : choice('Compare only', 'field', 'the whole answer', fields)}
      <label class="chip">
        <input
          type="checkbox"
          checked={search.get('ignoreCase') === '1'}
          onChange={(event) => change('ignoreCase', event.currentTarget.checked ? '1' : '')}
        />
        ignore case
      </label>
    </form>
  )
}
