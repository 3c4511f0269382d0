import { useEffect, useState } from 'preact/hooks'
import type { RunList, RunSummary, WorkerSeen } from '../../src/ui/contract.ts'
import { type AskFailure, ask, withParameters } from '../data/ask.ts'
import { listen } from '../data/live.ts'
import { failureOf } from '../data/use-answer.ts'

/** The runs of the home as far as they were asked for, kept up to date. */
export interface KnownRuns {
  /** Newest first; undefined until the first answer. */
  readonly runs: readonly RunSummary[] | undefined
  readonly total: number
  readonly workers: readonly WorkerSeen[]
  readonly failure: AskFailure | undefined
  readonly hasMore: boolean
  readonly more: () => void
  readonly again: () => void
}

const PAGE_RUNS = 100

interface Known extends Pick<RunList, 'next' | 'total' | 'workers'> {
  readonly runs: readonly RunSummary[]
}

export function useRuns(): KnownRuns {
  const [known, setKnown] = useState<Known>()
  const [failure, setFailure] = useState<AskFailure>()
  const load = async (cursor: string | null): Promise<void> => {
    try {
      const list = await ask<RunList>(withParameters('runs', { limit: PAGE_RUNS, cursor }))
      setFailure(undefined)
      setKnown((before) => ({ ...list, runs: cursor === null ? list.runs : merged(before?.runs ?? [], list.runs) }))
    } catch (error) {
      setFailure(failureOf(error))
    }
  }
  useEffect(() => {
    void load(null)
    return listen((news) => {
      if (news.kind === 'again') void load(null)
      else if (news.kind === 'run') setKnown((before) => before && changed(before, news.run))
      else if (news.kind === 'removed') setKnown((before) => before && removed(before, news.id))
    })
  }, [])
  return {
    runs: known?.runs,
    total: known?.total ?? 0,
    workers: known?.workers ?? [],
    failure,
    hasMore: (known?.next ?? null) !== null,
    more: () => void load(known?.next ?? null),
    again: () => void load(null),
  }
}

function merged(before: readonly RunSummary[], next: readonly RunSummary[]): readonly RunSummary[] {
  const known = new Set(before.map(({ id }) => id))
  return [...before, ...next.filter(({ id }) => !known.has(id))]
}

/** A run that is not known yet is new, or lies on a page that was not asked for; only the new one belongs here. */
function changed(known: Known, run: RunSummary): Known {
  if (known.runs.some(({ id }) => id === run.id)) {
    return { ...known, runs: known.runs.map((before) => (before.id === run.id ? run : before)) }
  }
  const oldest = known.runs.at(-1)
  if (known.next !== null && oldest && run.createdAt < oldest.createdAt) return known
  const runs = [run, ...known.runs].sort((one, other) => other.createdAt - one.createdAt)
  return { ...known, runs, total: known.total + 1 }
}

function removed(known: Known, id: string): Known {
  const runs = known.runs.filter((run) => run.id !== id)
  return { ...known, runs, total: known.total - (known.runs.length - runs.length) }
}
