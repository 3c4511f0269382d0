import type { BatchKind } from '../model/batch.ts'
import type { Driver } from './driver.ts'
import { RESULT_COLUMNS, type ResultColumns, resultFrom, selectQuestionsOf } from './row-results.ts'
import type { AnsweredRequest, RequestAnswer } from './store.ts'

/** Statements on answers that another run may carry over. */

/** A request `q` that was asked first, and the newest one `n` that asks the same, with its usable answer `r`. */
const FROM_ANSWERED = `
  from requests q
  join requests n on n.run = q.run and n.ordinal = coalesce(q.latest, q.ordinal)
  join results r on r.attempt = n.attempt and r.request = n.ordinal`

const IS_ANSWERED = `q.run = ? and q.root is null and n.state = 'succeeded' and r.file is not null`

type AnsweredRow = Omit<AnsweredRequest, 'target'> & { provider: string; endpoint: string; model: string }

/** Answered requests by ordinal, a page at a time. */
export function selectAnswered(driver: Driver, runKey: number, afterOrdinal: number, most: number): AnsweredRequest[] {
  return driver
    .all<AnsweredRow>(
      `select q.ordinal as ordinal, n.rows as rows, q.file_offset as "offset", q.length as length,
         b.provider as provider, b.endpoint as endpoint, b.model as model, f.input_name as "inputName"
       ${FROM_ANSWERED}
       join batches b on b.key = q.batch
       join attempts f on f.batch = b.key and f.number = 1
       where ${IS_ANSWERED} and q.ordinal > ? order by q.ordinal limit ?`,
      runKey,
      afterOrdinal,
      most,
    )
    .map(({ provider, endpoint, model, ...rest }) => ({ ...rest, target: { provider, endpoint, model } }))
}

type AnswerRow = readonly [
  ordinal: number,
  latest: number | null,
  kind: BatchKind,
  provider: string,
  endpoint: string,
  model: string,
  nonce: string,
  ...ResultColumns,
]

/** The answers of these requests, without those that have none. */
export function selectAnswers(driver: Driver, runKey: number, ordinals: readonly number[]): RequestAnswer[] {
  const rows = driver.lists<AnswerRow>(
    `select json_array(q.ordinal, q.latest, b.kind, b.provider, b.endpoint, b.model, a.nonce, ${RESULT_COLUMNS}) as list
     ${FROM_ANSWERED}
     join attempts a on a.key = n.attempt
     join batches b on b.key = a.batch
     where ${IS_ANSWERED} and q.ordinal in (select value from json_each(?))`,
    runKey,
    JSON.stringify(ordinals),
  )
  const roots = rows.flatMap(([ordinal, latest]) => (latest === null ? [] : [ordinal]))
  const questions = roots.length === 0 ? undefined : selectQuestionsOf(driver, runKey, roots)
  return rows.flatMap(([ordinal, , kind, provider, endpoint, model, nonce, ...columns]) => {
    const result = resultFrom(ordinal, columns, nonce)
    if (!result) return []
    return [
      { ordinal, kind, target: { provider, endpoint, model }, result, questions: questions?.get(ordinal) ?? null },
    ]
  })
}
