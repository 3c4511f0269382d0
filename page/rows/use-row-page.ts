import { useEffect, useState } from 'preact/hooks'
import type { RowLine, RowPage } from '../../src/ui/contract.ts'
import { type AskFailure, ask } from '../data/ask.ts'
import { listen } from '../data/live.ts'
import { failureOf } from '../data/use-answer.ts'

/** Rows of a page. */
export const PAGE_ROWS = 50

/** After a change of the run the rows shown are asked for again, at most so often. */
const LEAST_PAUSE_MS = 2_000

/** A search that took more questions than this is not carried out anew by itself. */
const MOST_QUESTIONS_AGAIN = 4

/** One page of rows, as far as it was found: a search over many rows takes several questions. */
export interface FoundRows {
  readonly rows: readonly RowLine[]
  readonly total: number
  readonly fitting: number | null
  readonly from: number
  /** Rows before this one were looked at. */
  readonly lookedTo: number
  /** True while more rows are looked for to fill the page. */
  readonly isLooking: boolean
  /** True where rows are left behind this page. */
  readonly hasMore: boolean
}

/** The page of rows that begins at `at` and fits the filter; kept up to date while the run goes on. */
export function useRowPage(run: string, filter: string, at: number) {
  const key = `${run} ${filter} ${at}`
  const [found, setFound] = useState<{ readonly key: string; readonly page: FoundRows }>()
  const [failure, setFailure] = useState<AskFailure>()
  useEffect(() => {
    const leaving = new AbortController()
    let isLooking = false
    let isWanted = false
    let questions = 0
    let timer: ReturnType<typeof setTimeout> | undefined

    async function look(isFirst: boolean): Promise<void> {
      isLooking = true
      isWanted = false
      try {
        questions = await fillPage(run, filter, at, leaving.signal, (page) => {
          // A page that is asked for again is replaced when it is whole, so that nothing jumps.
          if (isFirst || !page.isLooking) setFound({ key, page })
        })
        setFailure(undefined)
      } catch (error) {
        if (!leaving.signal.aborted) setFailure(failureOf(error))
      }
      timer = setTimeout(() => {
        isLooking = false
        if (isWanted) void look(false)
      }, LEAST_PAUSE_MS)
    }

    void look(true)
    const silence = listen((news) => {
      if (news.kind !== 'again' && !(news.kind === 'run' && news.run.id === run)) return
      isWanted = questions <= MOST_QUESTIONS_AGAIN
      if (isWanted && !isLooking) void look(false)
    })
    return () => {
      leaving.abort()
      clearTimeout(timer)
      silence()
    }
  }, [key])
  return { page: found?.key === key ? found.page : undefined, failure }
}

/** Asks until the page is full or all rows were looked at, and gives how often. */
async function fillPage(
  run: string,
  filter: string,
  at: number,
  signal: AbortSignal,
  take: (page: FoundRows) => void,
): Promise<number> {
  const rows: RowLine[] = []
  let questions = 0
  let cursor: string | null = null
  do {
    const search = new URLSearchParams(filter)
    search.set('limit', String(PAGE_ROWS - rows.length))
    search.set('at', String(at))
    if (cursor !== null) search.set('cursor', cursor)
    const page: RowPage = await ask<RowPage>(`runs/${encodeURIComponent(run)}/rows?${search}`, signal)
    questions += 1
    rows.push(...page.rows)
    cursor = page.next
    const { fitting, lookedTo, total } = page
    const isLooking = cursor !== null && rows.length < PAGE_ROWS
    take({ rows: [...rows], total, fitting, from: at, lookedTo, isLooking, hasMore: cursor !== null })
  } while (cursor !== null && rows.length < PAGE_ROWS)
  return questions
}
