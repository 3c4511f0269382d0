import { useEffect, useRef } from 'preact/hooks'
import type { RowDetail } from '../../src/ui/contract.ts'
import { useAnswer } from '../data/use-answer.ts'
import { useNow } from '../data/use-now.ts'
import { Failure, Loading } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Standing } from '../parts/standing.tsx'
import { rowsHref, runHref, without } from '../shell/route.ts'
import { count, dollars } from '../words/quantity.ts'
import { standingOfRow } from '../words/states.ts'
import { AskedTable } from './asked-table.tsx'
import { Fold, Record, Whole } from './whole-texts.tsx'

/** One row whole: prompt and answer side by side, why it failed, how it was asked, the lines as they are. */
export function RowPanel({
  row,
  run,
  search,
}: {
  readonly run: string
  readonly row: number
  readonly search: URLSearchParams
}) {
  const { again, failure, value: detail } = useAnswer<RowDetail>(`runs/${encodeURIComponent(run)}/rows/${row}`, run)
  const top = useRef<HTMLDivElement>(null)
  useEffect(() => {
    top.current?.scrollTo(0, 0)
    // Where the row stands alone, it is another page.
    if (!matchMedia('(min-width: 64rem)').matches) scrollTo(0, 0)
  }, [row])
  return (
    <div class="row-side" ref={top} data-scrolls tabIndex={0} role="region" aria-label="The chosen row">
      <PanelHead run={run} row={row} detail={detail} search={search} />
      {failure ? <Failure failure={failure} again={again} /> : null}
      {detail ? <PanelBody run={run} detail={detail} /> : failure ? null : <Loading what="the row" />}
    </div>
  )
}

interface PanelHeadFacts {
  readonly run: string
  readonly row: number
  readonly detail: RowDetail | undefined
  readonly search: URLSearchParams
}

function PanelHead({ detail, row, run, search }: PanelHeadFacts) {
  const hrefOf = (other: number): string => {
    const next = without(search, 'row')
    next.set('row', String(other))
    return rowsHref(run, next)
  }
  return (
    <header class="row-title">
      <h2>
        Row {count(row + 1)}
        {detail ? (
          <span class="row-id">
            <Said text={detail.line.id} />
          </span>
        ) : null}
      </h2>
      {detail ? <Standing {...standingOfRow(detail.line)} /> : null}
      <nav aria-label="Rows beside this one">
        {detail && detail.before !== null ? <a href={hrefOf(detail.before)}>Previous row</a> : null}
        {detail && detail.after !== null ? <a href={hrefOf(detail.after)}>Next row</a> : null}
        <a href={rowsHref(run, without(search, 'row'))}>Close</a>
      </nav>
    </header>
  )
}

function PanelBody({ detail, run }: { readonly detail: RowDetail; readonly run: string }) {
  const now = useNow()
  const { asked, input, line, raw, request } = detail
  return (
    <>
      <Why detail={detail} />
      <div class="sides">
        <Asked run={run} detail={detail} />
        <Answered run={run} detail={detail} />
      </div>
      <p class="under">{factsOf(detail)}</p>
      {detail.carriedFrom === null ? null : (
        <p class="under">
          The answer was carried over from run <a href={runHref(detail.carriedFrom)}>{detail.carriedFrom}</a>.
        </p>
      )}
      <AskedTable asked={asked} now={now} />
      <Record input={input} />
      {request === null ? null : (
        <Fold title="The request as it was sent" note={request.endpoint}>
          <Whole run={run} row={line.row} part="request" text={request.body} isJson />
        </Fold>
      )}
      {raw === null ? null : (
        <Fold
          title="The raw line"
          note={detail.isDamaged ? 'no longer what was collected' : 'as the provider wrote it'}
        >
          <Whole run={run} row={line.row} part="raw" text={raw} isJson={false} />
        </Fold>
      )}
    </>
  )
}

function Why({ detail: { error, line, problem } }: { readonly detail: RowDetail }) {
  if (error === null && problem === null) return null
  const code = problem?.code ?? line.code
  return (
    <div class="why">
      <p>
        <b>Why it has no usable answer</b>
        {code === null ? null : (
          <code>
            <Said text={code} />
          </code>
        )}
      </p>
      <p>
        <Said text={problem?.detail ?? withoutCode(error ?? '', code)} />
      </p>
    </div>
  )
}

/** The text of an error begins with its code, which stands above it. */
function withoutCode(error: string, code: string | null): string {
  return code !== null && error.startsWith(`${code}: `) ? error.slice(code.length + 2) : error
}

function Asked({ detail, run }: { readonly detail: RowDetail; readonly run: string }) {
  const { line, request } = detail
  const turns = request?.turns
  return (
    <section class="side" aria-labelledby="asked">
      <h3 id="asked">Prompt</h3>
      {request === null ? <p class="aside">Nothing was asked.</p> : null}
      {turns
        ? turns.map(({ role, text }, place) => (
            <div class="turn" key={`${place} ${role}`}>
              <p class="role">
                <Said text={role} />
              </p>
              <pre>
                <Said text={text} />
              </pre>
            </div>
          ))
        : request && <Whole run={run} row={line.row} part="request" text={request.body} isJson />}
    </section>
  )
}

function Answered({ detail, run }: { readonly detail: RowDetail; readonly run: string }) {
  const { answer, isJson, line } = detail
  return (
    <section class="side" aria-labelledby="answered">
      <h3 id="answered">Answer</h3>
      {answer === null ? (
        <p class="aside">{line.status === 'pending' ? 'There is none yet.' : 'There is none.'}</p>
      ) : (
        <Whole run={run} row={line.row} part="answer" text={answer} isJson={isJson} />
      )}
    </section>
  )
}

function factsOf({ answeredBy, boughtFor, finishReason, line, request }: RowDetail): string {
  const { batch, completionTokens, costUsd, promptTokens, tries } = line
  return [
    request?.model ?? '',
    answeredBy !== null && answeredBy !== request?.model ? `answered by ${answeredBy}` : '',
    promptTokens === null ? '' : `${count(promptTokens)} tokens in`,
    completionTokens === null ? '' : `${count(completionTokens)} out`,
    costUsd === null ? '' : dollars(costUsd),
    finishReason === null ? '' : `finished: ${finishReason}`,
    batch === null ? '' : `batch ${count(batch)}`,
    tries > 1 ? `asked ${count(tries)} times` : '',
    boughtFor === 'earlier_row' ? 'bought for an earlier row that asks the same' : '',
  ]
    .filter((fact) => fact !== '')
    .join(' · ')
}
