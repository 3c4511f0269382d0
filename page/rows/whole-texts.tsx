import type { ComponentChildren } from 'preact'
import type { CutText } from '../../src/ui/contract.ts'
import { Said } from '../parts/said.tsx'
import { counted } from '../words/quantity.ts'
import { laidOutJson } from './laid-out-json.ts'
import { recordOf } from './record.ts'

/** The row of the input by its columns. */
export function Record({ input }: { readonly input: CutText }) {
  const columns = input.isCut ? null : recordOf(input.text)
  return (
    <Fold title="The row of the input" note={columns === null ? 'as JSON' : counted(columns.length, 'column')}>
      {columns === null ? (
        <pre>
          <Said text={input.text} />
        </pre>
      ) : (
        <dl class="facts">
          {columns.map(([name, value]) => (
            <div key={name}>
              <dt>
                <Said text={name} />
              </dt>
              <dd class="is-text">
                <Said text={value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Fold>
  )
}

interface WholeText {
  readonly run: string
  readonly row: number
  readonly part: 'answer' | 'request' | 'raw'
  readonly text: CutText
  readonly isJson: boolean
}

/** A text whole, or its beginning with the way to all of it. */
export function Whole({ isJson, part, row, run, text }: WholeText) {
  return (
    <>
      <pre>
        <Said text={isJson && !text.isCut ? laidOutJson(text.text) : text.text} />
      </pre>
      {text.isCut ? (
        <a href={`api/runs/${encodeURIComponent(run)}/rows/${row}/text?part=${part}`} target="_blank" rel="noreferrer">
          The whole text, in a tab of its own
        </a>
      ) : null}
    </>
  )
}

/** A part that is opened on a wish. */
export function Fold({
  children,
  note,
  title,
}: {
  readonly title: string
  readonly note: string
  readonly children: ComponentChildren
}) {
  return (
    <details class="fold">
      <summary>
        {title} <span class="aside">{note}</span>
      </summary>
      {children}
    </details>
  )
}
