import { isDeepStrictEqual } from 'node:util'
import type { BatchBooks } from '../books.ts'
import { answeredBefore, type DirectAnswer, type Evidence } from '../evidence.ts'
import { isLabel } from '../label.ts'
import { nonceOf } from '../plan.ts'
import type { Retry } from '../run-until-finished.ts'
import { type Violation, violation, violationOf } from '../violation.ts'
import { nonceIn } from '../world/nonce.ts'
import { CANARY_ROWS } from '../world/world.ts'

/** What must be true of the rows in the answers file: each there once, with an answer of its own. */
export function judgeRows(evidence: Evidence): readonly Violation[] {
  return [
    ...missingRecords(evidence),
    ...lost(evidence),
    ...lostCalls(evidence),
    ...notRetried(evidence),
    ...denied(evidence),
    ...wrongJoins(evidence),
    ...notCarried(evidence),
  ]
}

/** Statuses of rows whose answer was received, whether it can be used or not; an answer without text may be a failure. */
const ANSWERED: readonly string[] = ['succeeded', 'truncated', 'refused', 'invalid']
const ANSWERED_WITHOUT_TEXT: readonly string[] = [...ANSWERED, 'failed']

function missingRecords({ answers, plan }: Evidence): readonly Violation[] {
  const ids = answers.map(({ id }) => id)
  const wanted = plan.prompts.map((_, row) => nonceOf(row))
  if (ids.join() === wanted.join()) return []
  return [violation('lost', `${ids.length} of ${wanted.length} rows have a record`)]
}

/** Every answer that the provider offered is that of each row with its prompt; one that fits is never given up again. */
function lost(evidence: Evidence): readonly Violation[] {
  const { answers, books, plan } = evidence
  const found: Violation[] = []
  for (const { answers: offered, batch, isExtra } of books) {
    if (isExtra) continue
    const gone = [...offered].filter(([nonce, text]) => {
      if (mayBeGivenUp(nonce, batch.createdAtMs, evidence)) return false
      const rows = answers.filter((answer) => nonceIn(answer.text) === nonce)
      const statuses = text ? ANSWERED : ANSWERED_WITHOUT_TEXT
      return rows.length === 0 || !rows.every(({ llm_status }) => statuses.includes(llm_status))
    })
    found.push(
      ...violationOf(
        'lost',
        `answers of ${batch.id}`,
        gone.map(([nonce]) => nonce),
      ),
    )
  }
  if (plan.reasks === null) return found
  const givenUp = answers.filter(
    ({ llm_status, text }) => llm_status === 'invalid' && offersOf(nonceIn(text), evidence).some(isFit),
  )
  return [
    ...found,
    ...violationOf(
      'lost',
      'rows called invalid that had an answer that fits',
      givenUp.map(({ id }) => id),
    ),
  ]
}

/** The answer that a call has brought is that of its row; only a process that died over it may not have kept it. */
function lostCalls(evidence: Evidence): readonly Violation[] {
  const { answers, books, calls } = evidence
  const unkept = answers.filter(({ llm_status, text }) => {
    const nonce = nonceIn(text)
    const last = calls.findLast((call) => call.nonce === nonce)
    if (last?.end !== 'answered' || ANSWERED_WITHOUT_TEXT.includes(llm_status)) return false
    const isAskedLater = books.some(({ batch, rows }) => batch.createdAtMs >= last.sentAtMs && rows.includes(nonce))
    return !isAskedLater && !(llm_status === 'missing' && isCallInDoubt(nonce, evidence))
  })
  return violationOf(
    'lost',
    'answers to calls',
    unkept.map(({ id }) => id),
  )
}

/** What a person named in a retry was sent once more, all of it, unless the run was cancelled over it. */
function notRetried({ books, plan, trace: { report, retries } }: Evidence): readonly Violation[] {
  // Of a synchronous call that was lost on its way no book tells.
  if (report?.run.state !== 'completed' || plan.hasCanary) return []
  const forgotten = retries.flatMap(({ atMs, named }) => {
    const sent = new Set(books.filter(({ batch }) => batch.createdAtMs >= atMs).flatMap(({ rows }) => rows))
    return [...named].filter((nonce) => !sent.has(nonce))
  })
  return violationOf('lost', 'rows that a retry was to send again', forgotten)
}

/**
 * True for what was offered before a retry after which its row was sent again. Where some rows are asked directly, all
 * that the retry named count: of a call whose answer was lost no book tells.
 */
function mayBeGivenUp(nonce: string, offeredAtMs: number, evidence: Evidence): boolean {
  const { plan, trace } = evidence
  return trace.retries.some(
    (retry) =>
      offeredAtMs < retry.atMs && (isSentAfter(nonce, retry, evidence) || (plan.hasCanary && retry.named.has(nonce))),
  )
}

function isSentAfter(nonce: string, retry: Retry, { books, directAnswers }: Evidence): boolean {
  return (
    books.some(({ batch, rows }) => batch.createdAtMs >= retry.atMs && rows.includes(nonce)) ||
    directAnswers.some((answer) => answer.index >= retry.directAnswers && answer.nonce === nonce)
  )
}

/** A call whose answer was lost, or whose caller died, is in doubt, and its row is never sent again by itself. */
function denied(evidence: Evidence): readonly Violation[] {
  const { answers, books } = evidence
  const rows = answers.filter(({ llm_status, text }) => {
    const nonce = nonceIn(text)
    if (llm_status !== 'missing' || isCallInDoubt(nonce, evidence)) return false
    return lastBatchesOf(nonce, books).every(({ told }) => told.has(nonce))
  })
  return violationOf(
    'lost',
    'rows said to be missing',
    rows.map(({ id }) => id),
  )
}

/**
 * True where the client cannot know what a call for the row came to: its answer was lost, or a process died or was
 * halted between its note of the call and that of the answer, or could not write that down.
 */
function isCallInDoubt(nonce: string, evidence: Evidence): boolean {
  const { calls, plan, shared, world } = evidence
  if (calls.findLast((call) => call.nonce === nonce)?.end === 'in doubt') return true
  const wasCut = world.crashed.length > 0 || plan.disk.length > 0 || (shared?.halted ?? []).length > 0
  return wasCut && mayBeCalled(nonce, evidence)
}

/** Which rows a retry asks directly first is not known from outside, nor which ones a deadline leaves over. */
function mayBeCalled(nonce: string, { earlier, plan }: Evidence): boolean {
  if (plan.deadlineMs !== null || (plan.hasCanary && plan.retries.length > 0)) return true
  const before = new Set(earlier ? answeredBefore(earlier) : [])
  const bought = [...new Set(plan.prompts.map(nonceIn))].filter((one) => !before.has(one))
  return plan.hasCanary && bought.slice(0, CANARY_ROWS).includes(nonce)
}

/** The batch in which a row was asked the last time; two where a gateway doubled it, and either may have been taken. */
function lastBatchesOf(nonce: string, books: readonly BatchBooks[]): readonly BatchBooks[] {
  const held = books.filter(({ batch, rows }) => batch.phase !== 'failed' && rows.includes(nonce))
  const latest = Math.max(...held.map(({ batch }) => batch.createdAtMs))
  return held.filter(({ batch }) => batch.createdAtMs === latest)
}

/**
 * The answer of a row is the last one offered for its prompt. Where it was asked again, it is one that fits, or else the
 * last one that was whole: what asking again did not bring does not take its place.
 */
function wrongJoins(evidence: Evidence): readonly Violation[] {
  const { answers, earlier, plan } = evidence
  const before = new Set(earlier ? answeredBefore(earlier) : [])
  const wrong = answers.filter(({ llm_output, llm_status, text: prompt }, row) => {
    if (prompt !== plan.prompts[row]) return true
    if (llm_output === null) return llm_status === 'succeeded'
    const nonce = nonceIn(prompt)
    // Compared with what the earlier run had, below.
    if (before.has(nonce)) return false
    const offers = offersOf(nonce, evidence)
    const best = plan.reasks === null ? undefined : (offers.find(isFit) ?? offers.findLast(({ isUnfit }) => isUnfit))
    const text = (best ?? offers.findLast((one) => one.text !== null))?.text ?? null
    return text === null || !isSameAnswer(llm_output, text)
  })
  return violationOf(
    'wrong join',
    'rows',
    wrong.map(({ id }) => id),
  )
}

type Offer = Pick<DirectAnswer, 'text' | 'isUnfit'>

/**
 * Everything that was answered to a prompt since a retry named its row last, oldest first. A row that was sent again for
 * another reason keeps what it had.
 */
function offersOf(nonce: string, evidence: Evidence): readonly Offer[] {
  const { books, directAnswers, trace } = evidence
  const retry = trace.retries.findLast((one) => one.named.has(nonce) && isSentAfter(nonce, one, evidence))
  const direct = directAnswers.filter((one) => one.nonce === nonce && one.index >= (retry?.directAnswers ?? 0))
  const batched = books
    .filter(({ answers, batch, isExtra }) => !isExtra && answers.has(nonce) && batch.createdAtMs >= (retry?.atMs ?? 0))
    .map(({ answers, batch, unfit }) => ({
      text: answers.get(nonce) ?? null,
      isUnfit: unfit.has(nonce),
      atMs: batch.createdAtMs,
    }))
  return [...direct, ...batched].toSorted((one, other) => one.atMs - other.atMs)
}

function isFit({ text }: Offer): boolean {
  return text !== null && isLabel(text)
}

/** A value that was read out of the text stands for it. */
function isSameAnswer(output: unknown, text: string): boolean {
  return typeof output === 'string' ? output === text : text.includes(JSON.stringify(output))
}

/** A row that the earlier run has answered has that very answer. */
function notCarried({ answers, earlier }: Evidence): readonly Violation[] {
  if (!earlier) return []
  const before = new Map(earlier.answers.map((answer) => [nonceIn(answer.text), answer]))
  const found: Violation[] = []
  for (const { id, llm_output, llm_status, text } of answers) {
    const earlierRow = before.get(nonceIn(text))
    if (earlierRow?.llm_status !== 'succeeded') continue
    if (llm_status !== 'succeeded') found.push(violation('lost', `${id}, which the earlier run has answered`))
    else if (!isDeepStrictEqual(llm_output, earlierRow.llm_output)) {
      found.push(violation('wrong join', `${id} has another answer than in the earlier run`))
    }
  }
  return found
}
