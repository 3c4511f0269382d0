import type { RunDetail } from '../../src/ui/contract.ts'
import { useAnswer } from '../data/use-answer.ts'
import { useNow } from '../data/use-now.ts'
import { Failure, Loading } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Standing } from '../parts/standing.tsx'
import { RUNS, rowsHref } from '../shell/route.ts'
import { count } from '../words/quantity.ts'
import { modelOf } from '../words/run-facts.ts'
import { standingOfRun } from '../words/states.ts'
import { Actions } from './actions.tsx'
import { Batches } from './batches.tsx'
import { Causes } from './causes.tsx'
import { CostByModel } from './cost-by-model.tsx'
import { Events } from './events.tsx'
import { Figures } from './figures.tsx'
import { Incidents, Notes } from './notes.tsx'
import { Prompt } from './prompt.tsx'
import { Throughput } from './throughput.tsx'
import { Values } from './values.tsx'

/** One run. */
export function RunScreen({ id }: { readonly id: string }) {
  const { again, failure, value: run } = useAnswer<RunDetail>(`runs/${encodeURIComponent(id)}`, id)
  const now = useNow()
  if (!run) return failure ? <Failure failure={failure} again={again} /> : <Loading what="the run" />
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <a href={RUNS}>Runs</a>
        <span aria-hidden="true">/</span>
        <Said text={run.id} />
      </nav>
      <div class="title-line">
        <h1>
          <Said text={run.name ?? run.id} />
        </h1>
        <Standing {...standingOfRun(run)} />
        <span class="aside">
          <Said text={modelOf(run)} />
        </span>
        <span class="title-actions">
          <a class="button" href={rowsHref(run.id)}>
            {count(run.rows)} rows
          </a>
          <Actions run={run} again={again} />
        </span>
      </div>
      {failure ? <Failure failure={failure} again={again} /> : null}
      <Notes run={run} now={now} />
      <Figures run={run} now={now} />
      <div class="panels">
        <Incidents run={run} now={now} />
        <Batches run={run} now={now} />
        <div class="column">
          <Throughput run={run} />
          <Causes run={run} />
        </div>
        <div class="column">
          <Values run={run} />
          <CostByModel run={run} />
        </div>
        <Events run={run} now={now} />
        <Prompt run={run} />
      </div>
    </>
  )
}
