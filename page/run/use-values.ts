import { useEffect, useState } from 'preact/hooks'
import type { ValuePage } from '../../src/ui/contract.ts'
import { type AskFailure, ask, withParameters } from '../data/ask.ts'
import { failureOf } from '../data/use-answer.ts'

/** Counts of the values of a field, added up over as much of the run as was looked at. */
export interface CountedValues {
  readonly field: string
  readonly fields: readonly string[]
  readonly values: readonly { readonly value: string; readonly rows: number; readonly exampleRow: number }[]
  readonly otherRows: number
  readonly answeredRows: number
  readonly lookedTo: number
  readonly total: number
  /** True where rows are left that were not looked at. */
  readonly hasMore: boolean
}

/** Pieces that are counted without being asked for; the rest of a large run is counted on a wish. */
const PIECES_AT_ONCE = 8

/** Counts the values of a field, the first one with labels where it is null; anew when `version` changes. */
export function useValues(run: string, field: string | null, version: number) {
  const [counted, setCounted] = useState<CountedValues>()
  const [failure, setFailure] = useState<AskFailure>()
  const [isAll, setAll] = useState(false)
  useEffect(() => {
    const leaving = new AbortController()
    void countPieces(run, field, isAll ? Number.POSITIVE_INFINITY : PIECES_AT_ONCE, leaving.signal, setCounted).then(
      () => setFailure(undefined),
      (error: unknown) => {
        if (!leaving.signal.aborted) setFailure(failureOf(error))
      },
    )
    return () => leaving.abort()
  }, [run, field, version, isAll])
  return { counted, failure, countAll: () => setAll(true) }
}

async function countPieces(
  run: string,
  wanted: string | null,
  mostPieces: number,
  signal: AbortSignal,
  take: (counted: CountedValues) => void,
): Promise<void> {
  const rows = new Map<string, { rows: number; exampleRow: number }>()
  const fields = new Set<string>()
  let field = wanted
  let cursor: string | null = null
  let otherRows = 0
  let answeredRows = 0
  for (let piece = 1; ; piece += 1) {
    const first = cursor === null
    const path: string = withParameters(`runs/${run}/values`, { cursor, ...(field === null ? {} : { field: field }) })
    const page: ValuePage = await ask<ValuePage>(
      field === '' ? `${path}${path.includes('?') ? '&' : '?'}field=` : path,
      signal,
    )
    if (first) field = wanted ?? page.field
    for (const name of page.fields) fields.add(name)
    for (const { exampleRow, rows: more, value } of page.values) {
      const known = rows.get(value)
      rows.set(value, { rows: (known?.rows ?? 0) + more, exampleRow: known?.exampleRow ?? exampleRow })
    }
    otherRows += page.otherRows
    answeredRows += page.answeredRows
    cursor = page.next
    const isEnough = cursor === null || piece >= mostPieces
    take({
      field: field ?? '',
      fields: [...fields],
      values: [...rows].map(([value, facts]) => ({ value, ...facts })).sort((one, other) => other.rows - one.rows),
      otherRows,
      answeredRows,
      lookedTo: page.lookedTo,
      total: page.total,
      hasMore: cursor !== null && isEnough,
    })
    if (isEnough) return
  }
}
