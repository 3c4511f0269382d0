import { useState } from 'preact/hooks'
import type { RunDetail } from '../../src/ui/contract.ts'
import { Meter } from '../parts/meter.tsx'
import { Empty, Failure, Loading } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'
import { rowsHref } from '../shell/route.ts'
import { count, counted, percent } from '../words/quantity.ts'
import { type CountedValues, useValues } from './use-values.ts'

const MOST_SHOWN = 12
/** More different values than this, nearly as many as answers, are texts and not labels. */
const FEW_VALUES = 20

/** The labels that answers gave, as a chart that is a table. */
export function Values({ run }: { readonly run: RunDetail }) {
  const [field, setField] = useState<string | null>(null)
  // A large run is not counted again for each batch that ends; the button does that.
  const [version, setVersion] = useState(0)
  const {
    countAll,
    counted: known,
    failure,
  } = useValues(run.id, field, version + Math.floor(run.counts.succeeded / stepOf(run)))
  if (run.counts.succeeded === 0) return null
  return (
    <Section title="Labels" name="values" aside={known ? <FieldChoice known={known} choose={setField} /> : undefined}>
      {failure ? <Failure failure={failure} again={() => setVersion(version + 1)} /> : null}
      {known ? <ValueTable known={known} run={run.id} /> : failure ? null : <Loading what="answers" />}
      {known?.hasMore ? (
        <p class="aside">
          Counted in rows 1 to {count(known.lookedTo)} of {count(known.total)}.{' '}
          <button type="button" onClick={countAll}>
            Count all
          </button>
        </p>
      ) : null}
    </Section>
  )
}

/** Succeeded rows after which values are counted anew: a fiftieth of the run. */
function stepOf({ rows }: RunDetail): number {
  return Math.max(1, Math.ceil(rows / 50))
}

function FieldChoice({ choose, known }: { readonly known: CountedValues; readonly choose: (field: string) => void }) {
  if (known.fields.length < 2) return <code>{known.field === '' ? 'the answer' : <Said text={known.field} />}</code>
  return (
    <select aria-label="Field" value={known.field} onChange={(event) => choose(event.currentTarget.value)}>
      {known.fields.map((name) => (
        <option key={name} value={name}>
          {name === '' ? 'the answer' : name}
        </option>
      ))}
    </select>
  )
}

function ValueTable({ known, run }: { readonly known: CountedValues; readonly run: string }) {
  const { answeredRows, otherRows, values } = known
  const areTexts = values.length === 0 || (values.length > FEW_VALUES && values.length * 2 > answeredRows)
  if (areTexts) {
    const [first] = values
    return (
      <Empty title={`${counted(answeredRows, 'answer')}, nearly all different: texts, not labels.`}>
        {first ? <a href={rowsHref(run, { row: first.exampleRow })}>Read one</a> : null}
      </Empty>
    )
  }
  const most = Math.max(...values.map(({ rows }) => rows))
  const shown = values.slice(0, MOST_SHOWN)
  const hidden = values.slice(MOST_SHOWN).reduce((sum, { rows }) => sum + rows, 0) + otherRows
  return (
    <>
      <table class="values">
        <thead>
          <tr>
            <th scope="col">Value</th>
            <th scope="col" class="of-bar">
              <span class="unseen">Share as a bar</span>
            </th>
            <th scope="col" class="number">
              Share
            </th>
            <th scope="col" class="number">
              Rows
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ exampleRow, rows, value }) => (
            <tr key={value}>
              <th scope="row">
                <a href={rowsHref(run, { row: exampleRow })} title="A row with this value">
                  {value === '' ? '(empty)' : <Said text={value} />}
                </a>
              </th>
              <td class="of-bar">
                <Meter parts={[{ share: rows / most, look: 'good' }]} />
              </td>
              <td class="number">{percent(rows, answeredRows)}</td>
              <td class="number">{count(rows)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 ? <p class="aside">and {counted(hidden, 'answer')} with other values</p> : null}
    </>
  )
}
