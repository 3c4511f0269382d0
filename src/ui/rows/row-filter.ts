import { nearMatches } from '../../lib/near-match.ts'
import { rowRecord } from '../../log/row-records.ts'
import { LlmBatchError } from '../../model/error.ts'
import { OUTCOME_STATUSES } from '../../model/outcome.ts'
import type { RowOutcome } from '../../model/row.ts'
import type { TallyGroup } from '../../model/tally.ts'
import { answerId, errorOf, outputOf } from '../../output/answer.ts'
import type { StandingRow } from '../../results/run-rows.ts'
import type { RowFilter, RowLine } from '../contract.ts'
import { readNumber } from '../http/parameters.ts'

type RowStatus = RowLine['status']

const STATUSES: readonly RowStatus[] = [...OUTCOME_STATUSES, 'pending', 'skipped']

/** Filters of rows as they were given. */
export interface AskedFilter extends RowFilter {
  readonly status: readonly RowStatus[]
}

/** Reads the filters among the parameters of a request. Throws `usage` for a status that no row can have. */
export function readFilter(parameters: URLSearchParams): AskedFilter {
  const text = (name: string): string | undefined => parameters.get(name) ?? undefined
  const batch = readNumber(text('batch'), 'batch', undefined)
  const asked = readNumber(text('asked'), 'asked', undefined)
  const code = text('code')
  const q = text('q')?.trim().toLowerCase()
  return {
    status: parameters
      .getAll('status')
      .filter((word) => word !== '')
      .map(statusOf),
    ...(code === undefined ? {} : { code }),
    ...(batch === undefined ? {} : { batch }),
    ...(asked === undefined || asked === 0 ? {} : { asked }),
    ...(q === undefined || q === '' ? {} : { q }),
  }
}

/** A mistyped status would find nothing, and finding nothing looks like good news. */
function statusOf(word: string): RowStatus {
  const status = STATUSES.find((known) => known === word)
  if (status) return status
  const near = nearMatches(word, STATUSES)
  throw new LlmBatchError('usage', `no row can have the status ${JSON.stringify(word.slice(0, 50))}`, {
    next: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Statuses are ${STATUSES.join(', ')}.`,
  })
}

/** What became of a row, in one word. */
export function statusOfRow({ at, request }: StandingRow): RowStatus {
  if (at.problem !== null) return 'skipped'
  if (request === undefined || request.reopening !== null) return 'pending'
  return request.state === 'batched' ? 'pending' : request.state
}

/** The code of a row's error, as its newest result has it. */
export function codeOfRow({ at, request }: StandingRow): string | null {
  return at.problem?.code ?? request?.newest.result?.code ?? null
}

/** How often a row was sent: the tries of all questions that it was asked. */
export function timesAsked({ at, request }: StandingRow): number {
  const { questions, tries } = rowRecord(at.row, at, request)
  return questions === null ? tries : questions.reduce((sum, question) => sum + question.tries, 0)
}

/** True where a row fits all filters but the search. */
export function fits(row: StandingRow, { asked, batch, code, status }: AskedFilter): boolean {
  if (status.length > 0 && !status.includes(statusOfRow(row))) return false
  if (code !== undefined && (codeOfRow(row) ?? '') !== code) return false
  if (batch !== undefined && !row.request?.entries.some((entry) => entry.batch.record.number === batch)) return false
  return asked === undefined || timesAsked(row) >= asked
}

/** True where rows whose requests are counted in this group may fit; they stand with a batch that holds them. */
export function groupMayFit(group: TallyGroup, isReopened: boolean, { code, status }: AskedFilter): boolean {
  if (group.rows === 0) return false
  const word = isReopened || group.state === 'batched' ? 'pending' : group.state
  if (status.length > 0 && !status.includes(word)) return false
  return code === undefined || (group.code ?? '') === code
}

/** True where the text stands in the row: in a value of its record, its answer, its error or its id. */
export function holds(outcome: RowOutcome, q: string): boolean {
  const isIn = (text: string | null): boolean => text?.toLowerCase().includes(q) === true
  if (isIn(outputOf(outcome)) || isIn(errorOf(outcome)) || isIn(answerId(outcome))) return true
  // Most records do not hold it in any spelling, and need not be parsed.
  if (!outcome.json.includes('\\') && !isIn(outcome.json)) return false
  return valuesIn(JSON.parse(outcome.json)).some(isIn)
}

function valuesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return [String(value)]
  return Object.values(value).flatMap(valuesIn)
}
