import { isFinished } from '../../model/run.ts'
import type { AttemptRecord } from '../../store/port/attempt.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { Throughput } from '../contract.ts'

const MOST_PIECES = 120

/** Pieces of time that people read well. */
const PIECES_MS = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 86_400].map((seconds) => seconds * 1_000)

/** How many requests ended when, until now or until the run did. */
export function throughputOf(
  { createdAt, finishedAt, state }: Pick<RunRecord, 'createdAt' | 'finishedAt' | 'state'>,
  attempts: readonly AttemptRecord[],
  now: number,
): Throughput {
  const ended = attempts.flatMap(({ endedAt, kind, requestCount, stage }) =>
    endedAt !== null && kind !== 'carried' && (stage === 'ended' || stage === 'collected')
      ? [{ at: endedAt, requests: requestCount }]
      : [],
  )
  if (ended.length === 0) return { startAt: createdAt, pieceMs: PIECES_MS[0] ?? 1_000, ended: [] }
  const last = Math.max(...ended.map(({ at }) => at))
  const endAt = Math.max(last, isFinished(state) ? (finishedAt ?? last) : now)
  const pieceMs = pieceFor(endAt - createdAt)
  const pieces = Array.from({ length: Math.floor((endAt - createdAt) / pieceMs) + 1 }, () => 0)
  for (const { at, requests } of ended) {
    const piece = Math.max(0, Math.floor((at - createdAt) / pieceMs))
    pieces[piece] = (pieces[piece] ?? 0) + requests
  }
  return { startAt: createdAt, pieceMs, ended: pieces }
}

function pieceFor(spanMs: number): number {
  const fitting = PIECES_MS.find((pieceMs) => spanMs / pieceMs < MOST_PIECES - 1)
  return fitting ?? Math.ceil(spanMs / (MOST_PIECES - 1))
}
