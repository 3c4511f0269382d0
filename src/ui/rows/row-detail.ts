import { lineAt } from '../../log/at/line-at.ts'
import { bodyOf } from '../../log/frozen-line.ts'
import type { Entry } from '../../log/log-batch.ts'
import { LlmBatchError } from '../../model/error.ts'
import { wireId, wirePrefix } from '../../model/ids.ts'
import { DAMAGED_LINE } from '../../model/outcome.ts'
import type { RowOutcome } from '../../model/row.ts'
import { errorOf, outputOf } from '../../output/answer.ts'
import { jsonAnswerOf } from '../../results/json-answer.ts'
import type { RunRows, StandingRow } from '../../results/run-rows.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { RunStore } from '../../store/store.ts'
import { costOfResult } from '../../workspace/report.ts'
import type { RowAsked, RowDetail, SentRequest } from '../contract.ts'
import type { UiSurroundings } from '../surroundings.ts'
import { cutOrNull, cutText } from './cut-text.ts'
import { lineMaker } from './row-line.ts'

/** Longest text of one part of a row; the others are fetched by themselves. */
const MOST_CHARACTERS = 1_000_000

/** Parts of a row that can be had whole. */
const PARTS = ['input', 'request', 'answer', 'raw'] as const

/** One row whole. Throws `not_found` for one that the run does not have. */
export async function rowDetail(surroundings: UiSurroundings, run: RunRecord, number: number): Promise<RowDetail> {
  const { home } = surroundings
  const { outcome, row, rows } = await readRow(surroundings, run, number)
  const { result } = outcome
  const { rowCount } = await rows.frozen()
  const store = home.store.read(run.id)
  return {
    line: lineMaker(run, costOfResult(home.configuration.prices))(row, outcome),
    before: number === 0 ? null : number - 1,
    after: number + 1 < rowCount ? number + 1 : null,
    input: cutText(outcome.json, MOST_CHARACTERS),
    problem: outcome.problem && { code: outcome.problem.code, detail: outcome.problem.detail },
    request: await sentRequest(surroundings, run, row),
    answer: cutOrNull(outputOf(outcome), MOST_CHARACTERS),
    isJson: jsonAnswerOf(outputOf(outcome)) !== undefined,
    error: errorOf(outcome),
    finishReason: result?.outcome.finishReason ?? null,
    answeredBy: result?.outcome.model ?? null,
    raw: cutOrNull(result?.rawLine ?? null, MOST_CHARACTERS),
    isDamaged: result?.outcome.code === DAMAGED_LINE,
    asked: await asked(store, row),
    boughtFor: result?.boughtFor ?? null,
    carriedFrom: result?.boughtFor === 'another_run' ? (run.carried?.from ?? null) : null,
  }
}

/** One part of a row, whole; null where it does not have it. Throws `usage` for any other word, `not_found` as above. */
export async function rowText(
  surroundings: UiSurroundings,
  run: RunRecord,
  number: number,
  word: string,
): Promise<string | null> {
  const part = PARTS.find((known) => known === word)
  if (!part)
    throw new LlmBatchError('usage', `a row has no part ${JSON.stringify(word.slice(0, 50))}`, {
      next: `Parts are ${PARTS.join(', ')}.`,
    })
  const { outcome, row } = await readRow(surroundings, run, number)
  if (part === 'input') return outcome.json
  if (part === 'request') return (await frozenBody(surroundings, run, row)) ?? null
  return part === 'answer' ? outputOf(outcome) : (outcome.result?.rawLine ?? null)
}

interface ReadRow {
  readonly rows: RunRows
  readonly row: StandingRow
  readonly outcome: RowOutcome
}

async function readRow({ home, runs }: UiSurroundings, run: RunRecord, number: number): Promise<ReadRow> {
  const { rows } = await runs.open(run)
  const frozen = await rows.frozen()
  const batches = await home.store.read(run.id).batches()
  const standing = await rows.standing(await frozen.read(number, number + 1, true), batches)
  for await (const [found] of rows.answers(standing, run)) {
    if (found) return { rows, row: found[0], outcome: found[1] }
  }
  throw new LlmBatchError('not_found', `run ${run.id} has no row ${number}`, {
    next: `Its rows are 0 to ${frozen.rowCount - 1}.`,
  })
}

async function sentRequest(
  surroundings: UiSurroundings,
  run: RunRecord,
  row: StandingRow,
): Promise<SentRequest | null> {
  const body = await frozenBody(surroundings, run, row)
  const newest = row.request?.newest
  if (body === undefined || !newest) return null
  const { nonce, settled, target } = newest.batch.record
  return {
    endpoint: target.endpoint,
    model: target.model,
    wireId: wireId(wirePrefix(settled?.nonce ?? nonce), newest.ordinal),
    body: cutText(body, MOST_CHARACTERS),
    turns: turnsOf(body),
  }
}

/** The body as it was frozen; undefined for a row without a request, and where the file with it is gone. */
async function frozenBody(
  { home }: UiSurroundings,
  { id }: RunRecord,
  { request }: StandingRow,
): Promise<string | undefined> {
  if (!request) return undefined
  const path = home.folderOf(id).input(request.newest.batch.record.inputName)
  const line = await lineAt(home.disk, path, request.ordinal)
  return line && bodyOf(line)
}

/** The turns of a conversation, where the body has them in the form that most endpoints take. */
function turnsOf(body: string): SentRequest['turns'] {
  const { input, instructions, messages } = JSON.parse(body) as Readonly<Record<string, unknown>>
  const list = Array.isArray(messages) ? messages : Array.isArray(input) ? input : undefined
  const first = typeof instructions === 'string' ? [{ role: 'system', text: instructions }] : []
  if (list === undefined) return typeof input === 'string' ? [...first, { role: 'user', text: input }] : null
  const turns = list.flatMap((turn: unknown) => turnOf(turn) ?? [])
  return turns.length === list.length ? [...first, ...turns] : null
}

function turnOf(turn: unknown): { readonly role: string; readonly text: string } | undefined {
  if (typeof turn !== 'object' || turn === null) return undefined
  const { content, role } = turn as { readonly content?: unknown; readonly role?: unknown }
  if (typeof role !== 'string') return undefined
  if (typeof content === 'string') return { role, text: content }
  if (!Array.isArray(content)) return { role, text: JSON.stringify(content ?? null) }
  return { role, text: content.map(partText).join('\n\n') }
}

/** The text of a part; of an image or a file, which may be megabytes long, its kind. */
function partText(part: unknown): string {
  const { text, type } = (part ?? {}) as { readonly text?: unknown; readonly type?: unknown }
  return typeof text === 'string' ? text : `[${typeof type === 'string' ? type : 'part'}]`
}

/** How a row was asked, the oldest batch first. */
async function asked(store: RunStore, { request }: StandingRow): Promise<readonly RowAsked[]> {
  return await Promise.all((request?.entries ?? []).map((entry) => askedIn(store, entry)))
}

async function askedIn(store: RunStore, entry: Entry): Promise<RowAsked> {
  const { record, outcomes } = entry.batch
  const { endedAt, remoteId, submittedAt } = await store.currentAttempt(record.key)
  const told = outcomes?.at(entry.index)
  return {
    batch: record.number,
    kind: record.kind,
    model: record.target.model,
    question: entry.turn,
    remoteId,
    submittedAt,
    endedAt,
    status: told?.status ?? statusWithout(entry),
    code: told?.code ?? null,
    reason: told?.reason ?? null,
    billed: told?.billed ?? null,
    promptTokens: told?.promptTokens ?? null,
    completionTokens: told?.completionTokens ?? null,
  }
}

function statusWithout({ fate }: Entry): RowAsked['status'] {
  if (fate === 'returned' || fate === 'given_up') return fate
  return 'open'
}
