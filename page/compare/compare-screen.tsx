import { useEffect, useState } from 'preact/hooks'
import type { CompareAnswer, RunList } from '../../src/ui/contract.ts'
import { type AskFailure, ask, withParameters } from '../data/ask.ts'
import { failureOf, useAnswer } from '../data/use-answer.ts'
import { Meter } from '../parts/meter.tsx'
import { Empty, Failure, Loading } from '../parts/notices.tsx'
import { count } from '../words/quantity.ts'
import { CompareChoice } from './compare-choice.tsx'
import { Compared } from './compared.tsx'

const LOOK_AGAIN_MS = 1_000
const MOST_RUNS = 200

/** Two runs side by side. */
export function CompareScreen({ search }: { readonly search: URLSearchParams }) {
  const { failure, value: list } = useAnswer<RunList>(withParameters('runs', { limit: MOST_RUNS }))
  if (!list) return failure ? <Failure failure={failure} /> : <Loading what="runs" />
  return (
    <>
      <div class="title-line">
        <h1>Compare</h1>
        <p class="aside">the answers of two runs, row by row</p>
      </div>
      {list.runs.length < 2 ? (
        <Empty title="There must be two runs to compare." />
      ) : (
        <>
          <CompareChoice runs={list.runs} search={search} />
          <Comparison search={search} />
        </>
      )}
    </>
  )
}

function Comparison({ search }: { readonly search: URLSearchParams }) {
  const isChosen = search.has('a') && search.has('b')
  const { answer, failure } = useComparison(isChosen ? `compare?${search}` : null)
  if (failure) return <Failure failure={failure} />
  if (!isChosen) return <Empty title="Choose two runs." />
  if (!answer) return <Loading what="the comparison" />
  if (answer.state === 'done') return <Compared answer={answer} search={search} />
  const { comparedRows, totalRows } = answer
  return (
    <div class="notice" role="status">
      <p class="notice-title">
        Comparing: {count(comparedRows)} of {count(totalRows)} rows
      </p>
      <Meter parts={[{ share: totalRows === 0 ? 0 : comparedRows / totalRows, look: 'good' }]} />
    </div>
  )
}

/** A comparison of large runs is worked out meanwhile, and asked for again until it is done. */
function useComparison(path: string | null) {
  const [answer, setAnswer] = useState<CompareAnswer>()
  const [failure, setFailure] = useState<AskFailure>()
  useEffect(() => {
    setAnswer(undefined)
    setFailure(undefined)
    if (path === null) return undefined
    const leaving = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      try {
        const next = await ask<CompareAnswer>(path, leaving.signal)
        setAnswer(next)
        if (next.state === 'working') timer = setTimeout(() => void look(), LOOK_AGAIN_MS)
      } catch (error) {
        if (!leaving.signal.aborted) setFailure(failureOf(error))
      }
    }
    void look()
    return () => {
      leaving.abort()
      clearTimeout(timer)
    }
  }, [path])
  return { answer, failure }
}
